precision mediump float;
in vec2 v_image;
flat in float v_alpha;
uniform sampler2D u_atlas;
out vec4 o_colour;

void main() { o_colour = texture(u_atlas, v_image) * v_alpha; }
