layout(location = 0) in vec2 a_corner;
layout(location = 1) in vec4 a_ends;    // from, to
layout(location = 2) in vec4 a_colour;
layout(location = 3) in vec4 a_style;   // half width px, period of dots px (0 solid), metres run px, unused
uniform mat4 u_matrix;
uniform vec2 u_size;
out vec2 v_at;                          // px along and across, from the beginning
flat out float v_length;
flat out vec4 v_colour;
flat out vec3 v_style;

void main() {
  vec4 from = u_matrix * vec4(a_ends.xy, 0.0, 1.0);
  vec4 to = u_matrix * vec4(a_ends.zw, 0.0, 1.0);
  vec2 a = from.xy / from.w * u_size * 0.5, b = to.xy / to.w * u_size * 0.5;
  float len = length(b - a);
  vec2 along = len > 0.001 ? (b - a) / len : vec2(1.0, 0.0);
  float margin = a_style.x + 1.0;
  float s = a_corner.x < 0.0 ? -margin : len + margin;
  v_at = vec2(s, a_corner.y * margin);
  v_length = len;
  v_colour = a_colour;
  v_style = a_style.xyz;
  vec2 p = a + along * s + vec2(-along.y, along.x) * v_at.y;
  gl_Position = vec4(p / (u_size * 0.5), 0.0, 1.0);
}
