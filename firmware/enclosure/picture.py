"""Pictures of the cluster, closed and exploded, lit and with its needles up.

Rendered by Blender (`bpy`) from the solids that are printed and from the drawing of the faces.

    python -m venv /tmp/pictures && /tmp/pictures/bin/pip install --upgrade pip
    /tmp/pictures/bin/pip install -e . --group pictures
    /tmp/pictures/bin/python firmware/enclosure/picture.py closed exploded
"""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

import assembly
import behind
import bought
import dimensions as d
import paint
from gauge_mqtt.contract.dials import face_deg, motor_deg
from look import material

SCALE = 0.01
"""Blender's metres for a millimetre."""
SHOWN = {"5h": 310, "tach": 690, "7d": 880}
"""What the needles show."""
IMAGES = Path(__file__).resolve().parents[1] / "docs/enclosure"


def look_of(piece: str) -> str:
    if piece == "face screws":
        return "black screws"
    return "screws" if piece.endswith("screws") else piece.split(maxsplit=1)[0]


def add(piece: str, solid: "assembly.Manifold", place: Callable[["assembly.Manifold"], "assembly.Manifold"]) -> None:
    """`place`: from the frame of the solids to that of the picture, in mm."""
    if piece.startswith("needle"):
        name = piece.split()[1]
        x, y = d.DIAL[name]
        turn = -face_deg(motor_deg(SHOWN[name]))
        solid = solid.translate((-x, -y, 0)).rotate((0, 0, turn)).translate((x, y, 0))
    mesh = solid.to_mesh()
    corners = np.asarray(mesh.vert_properties[:, :3], dtype=np.float64)
    placed = place(solid).to_mesh()
    data = bpy.data.meshes.new(piece)
    data.from_pydata(
        (np.asarray(placed.vert_properties[:, :3]) * SCALE).tolist(), [], np.asarray(placed.tri_verts).tolist()
    )
    data.polygons.foreach_set("use_smooth", [True] * len(data.polygons))
    data.set_sharp_from_angle(angle=math.radians(25))
    _map(data, piece, corners)
    data.materials.append(material(look_of(piece), piece))
    bpy.context.collection.objects.link(bpy.data.objects.new(piece, data))


def _map(data: "bpy.types.Mesh", piece: str, corners: "np.ndarray") -> None:
    """The drawing of a face or of the film covers its box."""
    if look_of(piece) not in {"face", "film"}:
        return
    low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    uv = (corners[:, :2] - low) / (high - low)
    layer = data.uv_layers.new()
    for loop in data.loops:
        layer.data[loop.index].uv = uv[loop.vertex_index]


def light(
    place: tuple[float, float, float],
    size: float,
    watts: float,
    colour: tuple[float, float, float],
    at: tuple[float, float, float] = (0.9, 0.2, 0.4),
) -> None:
    lamp = bpy.data.lights.new("light", "AREA")
    lamp.energy, lamp.size, lamp.color = watts, size, colour
    thing = bpy.data.objects.new("light", lamp)
    thing.location = place
    thing.rotation_euler = (Vector(at) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(thing)


def camera(place: tuple[float, float, float], at: tuple[float, float, float], lens: float) -> None:
    eye = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    eye.data.lens = lens
    eye.location = place
    eye.rotation_euler = (Vector(at) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(eye)
    bpy.context.scene.camera = eye


def desk(height: float = 0.0, kind: str = "desk") -> None:
    bpy.ops.mesh.primitive_plane_add(size=60, location=(0.9, 0, height))
    bpy.context.object.data.materials.append(material(kind, kind))


def scene(width: int, height: int, samples: int) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    here = bpy.context.scene
    here.render.engine = "CYCLES"
    here.render.resolution_x, here.render.resolution_y = width, height
    here.cycles.samples = samples
    here.cycles.use_denoising = True
    here.cycles.use_adaptive_sampling = True
    here.cycles.adaptive_threshold = 0.04
    here.cycles.max_bounces = 8
    here.cycles.transparent_max_bounces = 12
    here.cycles.caustics_reflective = here.cycles.caustics_refractive = False
    here.cycles.sample_clamp_indirect = 4.0
    here.cycles.seed = 1
    here.view_settings.view_transform = "AgX"
    here.view_settings.look = "AgX - Medium High Contrast"
    here.world = bpy.data.worlds.new("world")
    here.world.use_nodes = True
    here.world.node_tree.nodes["Background"].inputs[0].default_value = (0.16, 0.15, 0.15, 1)
    here.world.node_tree.nodes["Background"].inputs[1].default_value = 0.5
    glow(here)


def glow(here: "bpy.types.Scene") -> None:
    """What a lens makes of a bright lamp."""
    here.use_nodes = True
    tree = here.node_tree
    tree.nodes.clear()
    layers, glare, out = (tree.nodes.new(f"CompositorNode{kind}") for kind in ("RLayers", "Glare", "Composite"))
    glare.glare_type, glare.quality, glare.threshold, glare.size, glare.mix = "FOG_GLOW", "HIGH", 1.2, 7, -0.75
    tree.links.new(layers.outputs["Image"], glare.inputs["Image"])
    tree.links.new(glare.outputs["Image"], out.inputs["Image"])


def closed() -> None:
    desk()
    for piece, solid in assembly.pieces().items():
        if piece.split()[0] in OUTSIDE:
            add(piece, solid, behind.to_desk)
    light((-1.0, -2.6, 3.1), 1.8, 150, (1.0, 0.93, 0.84))
    light((3.4, 1.9, 2.0), 1.6, 170, (0.72, 0.84, 1.0))
    light((-2.2, 1.4, 1.6), 1.2, 70, (1.0, 0.80, 0.62))
    light((4.2, -2.4, 2.2), 2.0, 60, (0.9, 0.95, 1.0))
    camera((1.62, -3.62, 1.30), (0.90, 0.05, 0.45), 65)


OUTSIDE = {"shell", "cover", "foot", "plate", "acrylic", "film", "button", "needle", "cap", "face", "bezel", "lens"}
"""What is seen of the closed cluster."""

LIFT = {
    "bezel": 104, "lens": 84, "cap": 58, "needle": 42, "shell": 0, "foot": 0, "foot screws": 0, "button": 0,
    "acrylic": -72, "film": -84, "light box": -100, "led": -122, "sensor": -122, "light screws": -142,
    "face screws": -84, "face": -100, "plate": -118, "motor": -142, "bridge": -166, "plate screws": -146,
    "esp32": -158, "board screws": -158, "board": -178, "cover": -200, "cover screws": -222,
}  # fmt: skip
"""mm towards the viewer: each piece on the way that it comes in by."""


DROP = {
    "foot": -48, "foot screws": -70, "button": 26,
    "acrylic": -26, "film": -26, "light box": -26, "led": -26, "sensor": -26, "light screws": -26,
}  # fmt: skip
"""mm upwards; the lamps, whose way is straight too, are moved down to be seen."""


def exploded() -> None:
    desk(-0.74, "table")
    for piece, solid in assembly.pieces().items():
        lift = LIFT[piece] if piece in LIFT else LIFT[piece.split()[0]]
        drop = DROP.get(piece) or DROP.get(piece.split()[0], 0)
        if piece == "esp32":
            for part, of_it in bought.esp32().items():
                add("esp32" if part == "board" else part, of_it.translate((0, drop, lift)), _upright)
        else:
            add(piece, solid.translate((0, drop, lift)), _upright)
    middle = (0.88, 0.78, 0.36)
    light((-2.5, -4.0, 5.5), 3.5, 900, (1.0, 0.95, 0.89), middle)
    light((6.0, -1.5, 3.5), 3.0, 640, (0.84, 0.90, 1.0), middle)
    light((0.5, 6.5, 4.5), 3.0, 620, (1.0, 0.90, 0.80), middle)
    camera((6.5, -4.9, 3.1), (0.86, 0.66, 0.36), 67)


def _upright(solid: "assembly.Manifold") -> "assembly.Manifold":
    return solid.rotate((90, 0, 0))


VIEWS: dict[str, tuple[Callable[[], None], int, int]] = {
    "closed": (closed, 1200, 750),
    "exploded": (exploded, 1300, 815),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("views", nargs="+", choices=VIEWS)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--share", type=float, default=1.0, help="of the full size, for a quick look")
    parser.add_argument("--into", type=Path, default=IMAGES)
    asked = parser.parse_args()
    for name in asked.views:
        view, width, height = VIEWS[name]
        scene(round(width * asked.share), round(height * asked.share), asked.samples)
        paint.draw()
        view()
        asked.into.mkdir(parents=True, exist_ok=True)
        bpy.context.scene.render.image_settings.file_format = "JPEG"
        bpy.context.scene.render.image_settings.quality = 92
        bpy.context.scene.render.filepath = str(asked.into / f"{name}.jpg")
        bpy.ops.render.render(write_still=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
