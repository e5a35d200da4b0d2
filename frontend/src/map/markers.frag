precision highp float;
in vec2 v_at;
in vec2 v_turned;
flat in vec3 v_colour;
flat in float v_alpha;
flat in ivec4 v_look;
uniform float u_ratio;
uniform float u_detail;
uniform vec3 u_casing;
uniform vec4 u_outline;
uniform vec3 u_ink;
uniform vec3 u_surface;
out vec4 o_colour;

float cover(float d) { return clamp(0.5 - d * u_ratio, 0.0, 1.0); }

void over(inout vec4 under, vec3 colour, float alpha) {
  under = vec4(colour * alpha, alpha) + under * (1.0 - alpha);
}

// Square of the distance to a straight edge.
float edge(vec2 p, vec2 a, vec2 b) {
  vec2 e = b - a, w = p - a;
  vec2 d = w - e * clamp(dot(w, e) / dot(e, e), 0.0, 1.0);
  return dot(d, d);
}

// Both shapes are the same left and right of their axis: inside is left of the flank and above the foot.
float within(vec2 p, vec2 tip, vec2 corner, float foot, float squared) {
  float flank = (corner.x - tip.x) * (p.y - tip.y) - (corner.y - tip.y) * (p.x - tip.x);
  return (flank > 0.0 && p.y < foot ? -1.0 : 1.0) * sqrt(squared);
}

float arrow(vec2 p) {
  p.x = abs(p.x);
  // The notch at the foot is a shallow curve: two straight pieces look the same at this size.
  vec2 a = vec2(0.0, -10.2), b = vec2(7.6, 8.2), c = vec2(3.8, 6.6), d = vec2(0.0, 6.05);
  float foot = p.x < 3.8 ? mix(d.y, c.y, p.x / 3.8) : mix(c.y, b.y, (p.x - 3.8) / 3.8);
  return within(p, a, b, foot, min(min(edge(p, a, b), edge(p, b, c)), edge(p, c, d)));
}

float triangle(vec2 p) {
  p.x = abs(p.x);
  vec2 a = vec2(0.0, -10.5), b = vec2(10.6, 8.2), c = vec2(0.0, 8.2);
  return within(p, a, b, 8.2, min(edge(p, a, b), edge(p, b, c)));
}

float diamond(vec2 p) { return (abs(p.x) + abs(p.y) - 8.6) * 0.70711; }

float stick(vec2 p, vec2 a, vec2 b) {
  vec2 w = p - a, e = b - a;
  return length(w - e * clamp(dot(w, e) / dot(e, e), 0.0, 1.0));
}

void main() {
  int status = v_look.x;
  bool pointed = v_look.y == 1;
  float scale = mix(0.64, 1.0, u_detail);
  vec2 p = v_at / scale, q = v_turned / scale;
  float d, band = 0.0;
  if (status == 3) d = triangle(p);
  else if (status == 4) { d = length(p) - 5.6; band = 1.0; }
  else if (pointed) { d = arrow(q); band = status == 0 ? 1.2 : 0.0; }
  else if (status == 2) d = diamond(p);
  else if (status == 1) d = length(p) - 7.0;
  else { d = length(p) - 4.9; band = 1.5; }
  d *= scale;
  band *= scale;

  vec4 c = vec4(0.0);
  if (v_look.w == 1) {
    float ring = length(v_at) - 18.0;
    over(c, u_casing, 0.55 * cover(ring));
    over(c, u_casing, cover(abs(ring) - 2.75));
    over(c, u_ink, cover(abs(ring) - 1.25));
  } else if (v_look.w == 2) {
    over(c, u_ink, 0.12 * cover(length(v_at) - 16.0));
  }
  float casing = mix(1.4, 2.0, u_detail) + band * (status == 0 && !pointed ? 0.9 : 1.0);
  over(c, u_outline.rgb, u_outline.a * cover(d - casing - 0.8));
  over(c, u_casing, cover(d - casing));
  if (band > 0.0) {
    over(c, v_colour, cover(abs(d) - band));
    if (status == 4) over(c, v_colour, cover(stick(p, vec2(-4.0, 4.0), vec2(4.0, -4.0)) * scale - 0.9 * scale));
    if (v_look.z == 1 && status == 0) over(c, v_colour, cover(length(q - vec2(0.0, pointed ? 1.2 : 0.0)) * scale - 1.6 * scale));
  } else {
    over(c, v_colour, cover(d));
    if (status == 3) {
      over(c, u_surface, cover(stick(p, vec2(0.0, -4.4), vec2(0.0, 2.0)) * scale - 1.1 * scale));
      over(c, u_surface, cover((length(p - vec2(0.0, 5.2)) - 1.15) * scale));
    } else if (v_look.z == 1) {
      over(c, u_casing, cover((length(q - vec2(0.0, pointed ? 1.2 : 0.0)) - 2.0) * scale));
    }
  }
  o_colour = c * v_alpha;
}
