//! The little of WebGL2 that all parts of the layer share.

use web_sys::{
    WebGl2RenderingContext as Gl, WebGlBuffer, WebGlProgram, WebGlShader, WebGlUniformLocation, WebGlVertexArrayObject,
    js_sys::Float32Array,
};

/// What all parts are drawn with.
pub struct Scene<'a> {
    /// The graphics context.
    pub gl: &'a Gl,
    /// From coordinates relative to the origin to clip space.
    pub matrix: [f32; 16],
    /// Now, as instances' times count it.
    pub now: f32,
    /// Width and height, CSS pixels.
    pub size: [f32; 2],
    /// Device pixels per CSS pixel.
    pub ratio: f32,
    /// CSS pixels that the width of the world takes.
    pub world: f64,
}

/// A program that draws one quad for each instance.
pub struct Quads {
    program: WebGlProgram,
    array: WebGlVertexArrayObject,
    buffer: WebGlBuffer,
    uniforms: Vec<(&'static str, WebGlUniformLocation)>,
    capacity: usize,
    stride: usize,
}

const CORNERS: [f32; 8] = [-1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, 1.0];

impl Quads {
    /// Compiles the shaders. Location 0 is the corner (-1 to 1); from 1 on `vectors` vectors of 4 numbers an instance.
    /// `uniforms` are those that are set later. Fails with the driver's words.
    pub fn new(gl: &Gl, vertex: &str, fragment: &str, vectors: u32, uniforms: &[&'static str]) -> Result<Self, String> {
        let program = gl.create_program().ok_or("no program")?;
        gl.attach_shader(&program, &compile(gl, Gl::VERTEX_SHADER, vertex)?);
        gl.attach_shader(&program, &compile(gl, Gl::FRAGMENT_SHADER, fragment)?);
        gl.link_program(&program);
        if !gl.get_program_parameter(&program, Gl::LINK_STATUS).as_bool().unwrap_or(false) {
            return Err(gl.get_program_info_log(&program).unwrap_or_default());
        }
        let array = gl.create_vertex_array().ok_or("no vertex array")?;
        gl.bind_vertex_array(Some(&array));
        let corners = gl.create_buffer().ok_or("no buffer")?;
        gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&corners));
        gl.buffer_data_with_array_buffer_view(Gl::ARRAY_BUFFER, &Float32Array::from(&CORNERS[..]), Gl::STATIC_DRAW);
        gl.enable_vertex_attrib_array(0);
        gl.vertex_attrib_pointer_with_i32(0, 2, Gl::FLOAT, false, 0, 0);
        let buffer = gl.create_buffer().ok_or("no buffer")?;
        gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&buffer));
        for vector in 0..vectors {
            gl.enable_vertex_attrib_array(vector + 1);
            gl.vertex_attrib_pointer_with_i32(vector + 1, 4, Gl::FLOAT, false, vectors as i32 * 16, vector as i32 * 16);
            gl.vertex_attrib_divisor(vector + 1, 1);
        }
        gl.bind_vertex_array(None);
        let all = ["u_matrix", "u_now", "u_size", "u_ratio"].iter().chain(uniforms);
        let uniforms = all.filter_map(|name| Some((*name, gl.get_uniform_location(&program, name)?))).collect();
        Ok(Self { program, array, buffer, uniforms, capacity: 0, stride: vectors as usize * 4 })
    }

    /// Replaces the instances from `first` on; there are `all` of them.
    pub fn upload(&mut self, gl: &Gl, first: usize, numbers: &[f32], all: usize) {
        gl.bind_buffer(Gl::ARRAY_BUFFER, Some(&self.buffer));
        let wanted = all * self.stride * 4;
        if wanted > self.capacity {
            // Room to grow, so that one more courier does not mean one more allocation.
            self.capacity = (wanted + wanted / 2).max(4096);
            gl.buffer_data_with_i32(Gl::ARRAY_BUFFER, self.capacity as i32, Gl::DYNAMIC_DRAW);
        }
        let offset = (first * self.stride * 4) as i32;
        gl.buffer_sub_data_with_i32_and_array_buffer_view(Gl::ARRAY_BUFFER, offset, &Float32Array::from(numbers));
    }

    /// True where `all` instances fit without a new allocation, which forgets those that are there.
    pub fn fits(&self, all: usize) -> bool {
        all * self.stride * 4 <= self.capacity
    }

    /// Makes the program current and sets what all programs have.
    pub fn begin(&self, scene: &Scene<'_>) {
        let gl = scene.gl;
        gl.use_program(Some(&self.program));
        gl.bind_vertex_array(Some(&self.array));
        gl.uniform_matrix4fv_with_f32_array(self.at("u_matrix"), false, &scene.matrix);
        gl.uniform1f(self.at("u_now"), scene.now);
        gl.uniform2f(self.at("u_size"), scene.size[0], scene.size[1]);
        gl.uniform1f(self.at("u_ratio"), scene.ratio);
    }

    /// Where a uniform is; `None`, which sets nothing, where the shaders do not use it.
    pub fn at(&self, name: &str) -> Option<&WebGlUniformLocation> {
        self.uniforms.iter().find(|(known, _)| *known == name).map(|(_, location)| location)
    }

    /// Draws so many instances.
    pub fn draw(&self, gl: &Gl, instances: usize) {
        gl.draw_arrays_instanced(Gl::TRIANGLE_STRIP, 0, 4, instances as i32);
    }

    /// Leaves the context as it was found.
    pub fn end(&self, gl: &Gl) {
        gl.bind_vertex_array(None);
    }
}

fn compile(gl: &Gl, kind: u32, source: &str) -> Result<WebGlShader, String> {
    let shader = gl.create_shader(kind).ok_or("no shader")?;
    gl.shader_source(&shader, source);
    gl.compile_shader(&shader);
    if gl.get_shader_parameter(&shader, Gl::COMPILE_STATUS).as_bool().unwrap_or(false) {
        Ok(shader)
    } else {
        Err(gl.get_shader_info_log(&shader).unwrap_or_default())
    }
}

/// `#rrggbb` or `#rrggbbaa` as numbers from 0 to 1.
pub fn rgba(colour: &str) -> [f32; 4] {
    let digits = colour.trim_start_matches('#');
    let part = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let channel = |at: usize, other: u8| f32::from(part(at).unwrap_or(other)) / 255.0;
    [channel(0, 0), channel(2, 0), channel(4, 0), channel(6, 255)]
}

/// A colour a share `k` of the way to another.
pub fn mix(a: [f32; 4], b: [f32; 4], k: f32) -> [f32; 4] {
    [0, 1, 2, 3].map(|i| a[i] + (b[i] - a[i]) * k)
}
