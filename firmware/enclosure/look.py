"""Materials of the pictures."""

from dataclasses import dataclass

import bpy

import paint

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """Blender's principled shader. `glass`: lets this share of light through, without a shadow of its own."""

    colour: Colour
    rough: float = 0.45
    metal: float = 0.0
    bump: float = 0.0
    glass: bool = False
    coat: float = 0.0


PLASTIC = Look((0.030, 0.031, 0.034), 0.42, bump=0.10)
STEEL = Look((0.42, 0.42, 0.41), 0.3, 1.0)
MATERIALS = {
    "shell": PLASTIC, "cover": PLASTIC, "foot": PLASTIC,
    "plate": Look((0.06, 0.062, 0.066), 0.5, bump=0.05),
    "light": Look((0.78, 0.77, 0.74), 0.55),
    "bridge": Look((0.10, 0.10, 0.11), 0.5),
    "bezel": Look((0.55, 0.55, 0.54), 0.26, 1.0),
    "needle": Look((0.30, 0.004, 0.022), 0.30, coat=0.4),
    "cap": Look((0.012, 0.011, 0.011), 0.22, coat=0.5),
    "motor": Look((0.035, 0.036, 0.038), 0.35),
    "acrylic": Look((0.30, 0.29, 0.28), 0.03, glass=True),
    "lens": Look((0.97, 0.98, 0.98), 0.0, glass=True),
    "led": Look((0.85, 0.83, 0.78), 0.25),
    "sensor": Look((0.45, 0.10, 0.06), 0.3),
    "board": Look((0.02, 0.13, 0.055), 0.4),
    "strips": Look((0.012, 0.012, 0.013), 0.4),
    "esp32": Look((0.015, 0.022, 0.035), 0.35),
    "shield": STEEL,
    "usb": STEEL,
    "button": Look((0.35, 0.01, 0.015), 0.3),
    "screws": STEEL,
    "black screws": Look((0.02, 0.02, 0.02), 0.35, 0.8),
    "desk": Look((0.10, 0.055, 0.03), 0.32),
    "table": Look((0.42, 0.40, 0.37), 0.6),
}  # fmt: skip


def material(kind: str, piece: str) -> "bpy.types.Material":
    made = bpy.data.materials.new(piece)
    made.use_nodes = True
    tree = made.node_tree
    shader = tree.nodes["Principled BSDF"]
    if kind in {"face", "film"}:
        return _painted(made, piece, kind)
    look = MATERIALS[kind]
    shader.inputs["Base Color"].default_value = (*look.colour, 1)
    if kind == "desk":
        _grain(tree, shader, look.colour)
    shader.inputs["Roughness"].default_value = look.rough
    shader.inputs["Metallic"].default_value = look.metal
    shader.inputs["Coat Weight"].default_value = look.coat
    if look.glass:
        shader.inputs["Transmission Weight"].default_value = 1.0
        shader.inputs["IOR"].default_value = 1.49
        _without_shadow(tree, shader, look.colour)
        return made
    if kind not in {"shell", "cover", "foot", "bezel"}:
        return made
    soft = tree.nodes.new("ShaderNodeBevel")
    soft.inputs["Radius"].default_value = 0.003
    soft.samples = 3
    normal = soft.outputs["Normal"]
    if look.bump:
        noise, bump, where = (tree.nodes.new(f"ShaderNode{name}") for name in ("TexNoise", "Bump", "TexCoord"))
        noise.inputs["Scale"].default_value = 140.0
        noise.inputs["Detail"].default_value = 3.0
        bump.inputs["Strength"].default_value = look.bump
        bump.inputs["Distance"].default_value = 0.004
        tree.links.new(where.outputs["Object"], noise.inputs["Vector"])
        tree.links.new(noise.outputs["Fac"], bump.inputs["Height"])
        tree.links.new(normal, bump.inputs["Normal"])
        normal = bump.outputs["Normal"]
    tree.links.new(normal, shader.inputs["Normal"])
    return made


def _painted(made: "bpy.types.Material", piece: str, kind: str) -> "bpy.types.Material":
    tree = made.node_tree
    shader = tree.nodes["Principled BSDF"]
    picture = tree.nodes.new("ShaderNodeTexImage")
    picture.image = bpy.data.images.load(str(paint.image(piece)))
    picture.interpolation = "Cubic"
    if kind == "face":
        tree.links.new(picture.outputs["Color"], shader.inputs["Base Color"])
        shader.inputs["Roughness"].default_value = 0.6
    else:
        shader.inputs["Base Color"].default_value = (0.004, 0.004, 0.004, 1)
        tree.links.new(picture.outputs["Color"], shader.inputs["Emission Color"])
        shader.inputs["Emission Strength"].default_value = 9.0
    return made


def _grain(tree: "bpy.types.NodeTree", shader: "bpy.types.Node", colour: Colour) -> None:
    """Wood: noise, drawn out along the desk."""
    where, stretch, noise, ramp = (
        tree.nodes.new(f"ShaderNode{name}") for name in ("TexCoord", "Mapping", "TexNoise", "ValToRGB")
    )
    stretch.inputs["Scale"].default_value = (0.5, 6.0, 1.0)
    noise.inputs["Scale"].default_value = 2.2
    noise.inputs["Detail"].default_value = 8.0
    noise.inputs["Distortion"].default_value = 0.6
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.35, 0.68
    ramp.color_ramp.elements[0].color = (*(0.45 * part for part in colour), 1)
    ramp.color_ramp.elements[1].color = (*(1.25 * part for part in colour), 1)
    tree.links.new(where.outputs["Object"], stretch.inputs["Vector"])
    tree.links.new(stretch.outputs["Vector"], noise.inputs["Vector"])
    tree.links.new(noise.outputs["Fac"], ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], shader.inputs["Base Color"])


def _without_shadow(tree: "bpy.types.NodeTree", shader: "bpy.types.Node", colour: Colour) -> None:
    """Lamps shine through it, as through clear plastic, without the noise of caustics."""
    path, through, mix = (tree.nodes.new(f"ShaderNode{name}") for name in ("LightPath", "BsdfTransparent", "MixShader"))
    through.inputs["Color"].default_value = (*colour, 1)
    tree.links.new(path.outputs["Is Shadow Ray"], mix.inputs["Fac"])
    tree.links.new(shader.outputs["BSDF"], mix.inputs[1])
    tree.links.new(through.outputs["BSDF"], mix.inputs[2])
    tree.links.new(mix.outputs["Shader"], tree.nodes["Material Output"].inputs["Surface"])
