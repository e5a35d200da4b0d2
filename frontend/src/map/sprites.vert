layout(location = 0) in vec2 a_corner;
layout(location = 1) in vec4 a_path;
layout(location = 2) in vec4 a_time;   // start, end, reach, opacity
layout(location = 3) in vec4 a_rect;   // px from the place: left, top, width, height
layout(location = 4) in vec4 a_image;  // part of the atlas: left, top, right, bottom
uniform mat4 u_matrix;
uniform float u_now;
uniform vec2 u_size;
uniform float u_ratio;
out vec2 v_image;
flat out float v_alpha;
//MOTION

void main() {
  float k;
  vec2 place = place_at(a_path, a_time, k);
  vec2 share = a_corner * 0.5 + 0.5;
  vec4 clip = u_matrix * vec4(place, 0.0, 1.0);
  // Whole device pixels, so that small letters stay sharp.
  vec2 middle = floor(clip.xy / clip.w * u_size * 0.5 * u_ratio + 0.5) / u_ratio;
  vec2 p = middle + vec2(a_rect.x + a_rect.z * share.x, -(a_rect.y + a_rect.w * share.y));
  gl_Position = vec4(p / (u_size * 0.5), 0.0, 1.0);
  v_image = mix(a_image.xy, a_image.zw, share);
  v_alpha = a_time.w;
}
