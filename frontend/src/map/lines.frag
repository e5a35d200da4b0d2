precision highp float;
in vec2 v_at;
flat in float v_length;
flat in vec4 v_colour;
flat in vec3 v_style;
uniform float u_ratio;
out vec4 o_colour;

void main() {
  float d;
  if (v_style.y > 0.0) {
    // Dots at whole periods of the way from the line's beginning, so that they go on over the joints.
    float s = v_at.x + v_style.z;
    float nearest = (floor(s / v_style.y) + 0.5) * v_style.y - v_style.z;
    if (nearest < 0.0 || nearest > v_length) discard;
    d = length(vec2(v_at.x - nearest, v_at.y)) - v_style.x;
  } else {
    // Round ends: pieces of a line overlap at its joints, and being opaque nobody sees it.
    d = length(vec2(v_at.x - clamp(v_at.x, 0.0, v_length), v_at.y)) - v_style.x;
  }
  float alpha = v_colour.a * clamp(0.5 - d * u_ratio, 0.0, 1.0);
  if (alpha <= 0.0) discard;
  o_colour = vec4(v_colour.rgb * alpha, alpha);
}
