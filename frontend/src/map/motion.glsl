// Where a courier is at u_now, and its heading: the same as Instance::at in the crate model.
const float PI = 3.14159265;

vec2 place_at(vec4 path, vec4 time, out float k) {
  k = clamp((u_now - time.x) / (time.y - time.x), 0.0, time.z);
  return mix(path.xy, path.zw, k);
}

float heading_at(vec2 headings, float k) {
  float turn = mod(headings.y - headings.x + PI, 2.0 * PI) - PI;
  return headings.x + turn * min(k, 1.0);
}
