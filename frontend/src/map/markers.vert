layout(location = 0) in vec2 a_corner;
layout(location = 1) in vec4 a_path;
layout(location = 2) in vec4 a_time;  // start, end, reach, measured
layout(location = 3) in vec4 a_look;  // heading from, heading to, flags
uniform mat4 u_matrix;
uniform float u_now;
uniform vec2 u_size;
uniform float u_detail;    // 0 small shapes, 1 full ones
uniform float u_frozen;    // 1 while the picture stands still
uniform float u_dim;       // opacity of what is in the background
uniform int u_pass;        // 0 calm ones, 1 urgent ones, 2 the selected and the hovered one
uniform int u_selected;
uniform int u_hovered;
uniform vec3 u_status[5];
out vec2 v_at;             // CSS pixels from the middle, y southwards
out vec2 v_turned;         // the same in the marker's own frame
flat out vec3 v_colour;
flat out float v_alpha;
flat out ivec4 v_look;     // status, pointed, simulated, 1 selected 2 hovered
//MOTION

void main() {
  int flags = int(a_look.z);
  int status = flags & 7;
  bool selected = gl_InstanceID == u_selected;
  bool hovered = gl_InstanceID == u_hovered;
  int pass = selected || hovered ? 2 : (status == 2 || status == 3 ? 1 : 0);
  if ((flags & 256) != 0 || pass != u_pass) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  float k;
  vec2 place = place_at(a_path, a_time, k);
  float heading = heading_at(a_look.xy, k);
  bool pointed = (flags & 32) != 0 && u_detail > 0.5;
  float extent = (selected ? 22.0 : hovered ? 18.0 : 15.0);
  v_at = a_corner * extent;
  float turn = pointed && status != 3 && status != 4 ? heading : 0.0;
  float c = cos(turn), s = sin(turn);
  v_turned = vec2(v_at.x * c + v_at.y * s, v_at.y * c - v_at.x * s);
  v_look = ivec4(status, pointed ? 1 : 0, (flags & 8) != 0 ? 1 : 0, selected ? 1 : hovered ? 2 : 0);
  float age = u_now - a_time.w;
  vec3 grey = u_status[4];
  // An alarm is about its age: taking its colour for it would hide what it is there to show.
  bool aged = u_frozen > 0.5 || (age > 60.0 && status != 3);
  v_colour = age > 300.0 ? grey : (aged ? mix(grey, u_status[status], 0.26) : u_status[status]);
  v_alpha = (flags & 64) != 0 && !selected ? u_dim : 1.0;
  vec4 clip = u_matrix * vec4(place, 0.0, 1.0);
  clip.xy += vec2(v_at.x, -v_at.y) * 2.0 / u_size * clip.w;
  gl_Position = clip;
}
