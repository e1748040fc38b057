"""A model of the size that Argos publishes, grown from the bundled one: the same answers at the cost of a large one.

Argos' packages have 6 + 6 layers of width 512, 8 heads and 32,000 pieces. Every unit of the small model is there
twice, its effect halved; further layers add nothing; further pieces are never chosen. So sentences come out as long
as they should, which random weights would not give.
"""

from __future__ import annotations

import io
import json
import shutil
import struct
from pathlib import Path

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from numpy.typing import NDArray

LAYERS, PIECES, POSITIONS = 6, 32_000, 1024
_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_NEVER = -1e4
Weights = dict[str, NDArray[np.float32]]


def grow(small: Path, folder: Path) -> Path:
    """Write the grown copy of an unpacked package below a folder, and return where it is."""
    grown = folder / "grown"
    shutil.copytree(small, grown)
    pieces = json.loads((small / "model" / "shared_vocabulary.json").read_text(encoding="utf-8"))
    for path in (grown / "model").iterdir():
        path.unlink()
    spec = _spec(_read((small / "model" / "model.bin").read_bytes()), pieces)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(grown / "model"))
    return grown


def _read(data: bytes) -> Weights:
    """The variables of a model file of CTranslate2 (binary version 6), without quantisation."""
    file = io.BytesIO(data)

    def number(kind: str) -> int:
        return int(struct.unpack("<" + kind, file.read(struct.calcsize(kind)))[0])

    def name() -> str:
        return file.read(number("H"))[:-1].decode()

    number("I")
    name()
    number("I")
    raw = {}
    for _ in range(number("I")):
        key = name()
        shape = [number("I") for _ in range(number("B"))]
        kind = _TYPES[number("B")]
        raw[key] = np.frombuffer(file.read(number("I")), kind).reshape(shape)
    for _ in range(number("I")):
        alias, key = name(), name()
        raw[alias] = raw[key]
    return {
        key: value / raw[f"{key}_scale"][:, None] if f"{key}_scale" in raw else value.astype(np.float32)
        for key, value in raw.items()
        if value.ndim and not key.endswith("_scale")
    }


def _spec(weights: Weights, pieces: list[str]) -> transformer_spec.TransformerSpec:
    embedding = weights["decoder/embeddings/weight"]
    dim = embedding.shape[1]
    spec = transformer_spec.TransformerSpec.from_config(
        (LAYERS, LAYERS), 2 * dim // 64, pre_norm=True, activation=common_spec.Activation.RELU
    )
    spec.config.add_source_eos = True
    spec.config.decoder_start_token = "<s>"
    names = [*pieces, *(f"<{i}>" for i in range(PIECES - len(pieces)))]
    spec.register_source_vocabulary(names)
    spec.register_target_vocabulary(names)
    for seed, (part, side) in enumerate(((spec.encoder, "encoder"), (spec.decoder, "decoder")), 1):
        embeddings = part.embeddings[0] if isinstance(part.embeddings, list) else part.embeddings
        embeddings.weight = _more(_twice(embedding * dim**0.5, columns=True), seed)
        part.scale_embeddings = False
        part.position_encodings.encodings = _twice(_sinusoids(POSITIONS, dim), columns=True)
        _norm(part.layer_norm, weights, f"{side}/layer_norm")
        for index, layer in enumerate(part.layer):
            _layer(layer, weights, f"{side}/layer_{index}", side)
    projection = spec.decoder.projection
    projection.weight = _more(_twice(embedding, columns=True) / 2, 0)
    bias = np.full(PIECES, _NEVER, dtype=np.float32)
    bias[: len(pieces)] = weights["decoder/projection/bias"]
    projection.bias = bias
    return spec


def _layer(spec: object, weights: Weights, name: str, side: str) -> None:
    """A layer of the small model, or one that adds next to nothing."""
    is_there = f"{name}/ffn/linear_0/weight" in weights
    origin = name if is_there else f"{side}/layer_0"
    effect = 1.0 if is_there else 1e-7
    _attention(spec.self_attention, weights, f"{origin}/self_attention", (3,), effect)  # type: ignore[attr-defined]
    if side == "decoder":
        _attention(spec.attention, weights, f"{origin}/attention", (1, 2), effect)  # type: ignore[attr-defined]
    ffn = spec.ffn  # type: ignore[attr-defined]
    _norm(ffn.layer_norm, weights, f"{origin}/ffn/layer_norm")
    _linear(ffn.linear_0, weights, f"{origin}/ffn/linear_0", 1, 1.0)
    _linear(ffn.linear_1, weights, f"{origin}/ffn/linear_1", 1, effect)


def _attention(spec: object, weights: Weights, name: str, parts: tuple[int, ...], effect: float) -> None:
    """`parts` says how many of query, key and value each of the linear layers before the last one holds."""
    _norm(spec.layer_norm, weights, f"{name}/layer_norm")  # type: ignore[attr-defined]
    linear = spec.linear  # type: ignore[attr-defined]
    for index, count in enumerate(parts):
        _linear(linear[index], weights, f"{name}/linear_{index}", count, 1.0)
    _linear(linear[-1], weights, f"{name}/linear_{len(parts)}", 1, effect)


def _linear(spec: object, weights: Weights, name: str, parts: int, effect: float) -> None:
    """Rows twice, part by part; columns twice, each with half the effect."""
    weight, bias = weights[f"{name}/weight"], weights[f"{name}/bias"]
    rows = [_twice(_twice(part, columns=True)) / 2 for part in np.split(weight, parts)]
    spec.weight = np.concatenate(rows) * effect  # type: ignore[attr-defined]
    spec.bias = np.concatenate([_twice(part) for part in np.split(bias, parts)]) * effect  # type: ignore[attr-defined]


def _norm(spec: object, weights: Weights, name: str) -> None:
    spec.gamma = _twice(weights[f"{name}/gamma"])  # type: ignore[attr-defined]
    spec.beta = _twice(weights[f"{name}/beta"])  # type: ignore[attr-defined]


def _twice(values: NDArray[np.float32], *, columns: bool = False) -> NDArray[np.float32]:
    return np.concatenate([values, values], axis=1 if columns else 0).astype(np.float32)


def _more(rows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Rows for pieces that there are not, too; others for each seed, so that no two tables count as one."""
    noise = np.random.default_rng(seed).normal(0, 1e-3, (PIECES - len(rows), rows.shape[1]))
    return np.concatenate([rows, noise]).astype(np.float32)


def _sinusoids(length: int, dim: int) -> NDArray[np.float32]:
    """CTranslate2's own: all sines, then all cosines; positions start at 1."""
    rates = np.exp(np.arange(dim // 2) * -(np.log(10_000) / (dim // 2 - 1)))
    angles = np.arange(1, length + 1)[:, None] * rates[None, :]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
