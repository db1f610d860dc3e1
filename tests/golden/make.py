# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes data/: small checkpoints as Transformers writes them, and what Transformers computes from them.

    python3 -m venv venv && venv/bin/pip install torch torchvision transformers==5.24.0 timm==1.0.31 \\
        'pillow<13'
    venv/bin/python tests/golden/make.py [--into DIRECTORY] [NAME…]

Without names all are made. Nothing is downloaded: the networks are random, the program draws the pictures and
makes the vocabularies. The same versions give the same files. (Pillow 13 scales tall pictures vertically
first, which neither earlier versions nor torchvision do, and rounds to 8 bits in between, so its pixels
differ.) Each directory holds a checkpoint and, besides,

    pictures/i.png          the input: picture i is row i of the tensors; of a network of moments, frame i
    expected.safetensors    f32, input_ids i64:
        pixel_values              [pictures, 3, height, width], or [1, frames, 3, height, width]
        hidden_states.L, logits   classifiers: the input of the first layer and each layer's output;
                                  [pictures, classes]
        pooler_output, image_embeds
                                  backbones, and timm's networks: [pictures, any], what the network pools
        pixel_values.i, logits.i, pred_boxes.i
                                  detectors: picture i alone, since sizes differ; centre, width and height as
                                  fractions
        init_reference_points     detectors in two stages: the boxes that the first ends with
        encoder.last_hidden_state, input_ids, logits
                                  captioners: the pictures' tokens; [rows, n] tokens;
                                  [rows, any + n, vocabulary]
    expected.json           classifiers: "top", the best five labels of each picture
                            detectors: "boxes", of each picture id, label, score and corners in pixels, best
                            first
                            captioners: "greedy" and "beam4", ids, texts and, of beams, scores
    tokens.json             where `tokens` is set below: one object a line, {text, ids, decoded}

Everything is computed in double precision from the weights as the file holds them, rounded to its dtype.

A random network hides mistakes unless each of its parts matters: so weights keep the size of what passes
through them, biases and norms are random too, and the epsilon is large enough to show (`randomise`,
`EPSILON`). What a network writes must have one right answer: seeds are tried until rounding the weights once
more changes no word (`is_sturdy`), or none of the places that a detector's first stage chooses
(`is_steady`)."""
import argparse
import copy
import json
import math
import os
import pathlib
import shutil

os.environ["HF_HUB_OFFLINE"] = "1"

import timm
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (BeitImageProcessorPil, BitImageProcessorPil, BlipImageProcessorPil, BlipProcessor,
                          CLIPImageProcessorPil, DeformableDetrImageProcessorPil, DeiTImageProcessorPil,
                          DINOv3ViTImageProcessor, GitProcessor, RfDetrImageProcessor,
                          SiglipImageProcessorPil, ViTImageProcessorPil, YolosImageProcessorPil)

import draw
import words

DATA = pathlib.Path(__file__).resolve().parent / "data"
EPSILON = 0.02  # large enough to show, as the default is not: values have a variance near 1
LABELS = ("a circle", "a square", "a line", "a slope", "a letter", "some grain", "nothing")
NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING = range(6)
LENGTH = 10  # of a caption, at most
STEPS = 7    # of input_ids
SHARD = "20KB"
POSITIONS = ("decoder.transformer.wpe", "embeddings.position_embeddings")  # of texts
ATTEMPTS = 10000


def sides(height, width):
    return {"height": height, "width": width}


def vit(image_size=24, patch_size=6, **changes):
    return dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=44,
                image_size=image_size, patch_size=patch_size, layer_norm_eps=EPSILON) | changes


def dinov2(image_size=24, patch_size=6, **changes):
    return dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, mlp_ratio=2,
                image_size=image_size, patch_size=patch_size, layer_norm_eps=EPSILON) | changes


def classifier(architecture, config, processor, **more):
    """A row of DIRECTORIES: class, its configuration's numbers, an image processor."""
    return dict(architecture=architecture, config=config, processor=processor) | more


def gpt2(**changes):
    return dict(n_embd=20, n_layer=2, n_head=2, n_inner=36, n_positions=20, layer_norm_epsilon=EPSILON,
                add_cross_attention=True, is_decoder=True) | changes


def bert(**changes):
    return dict(hidden_size=20, num_hidden_layers=2, num_attention_heads=2, intermediate_size=36,
                layer_norm_eps=EPSILON, max_position_embeddings=24) | changes


def detr(backbone, **changes):
    """What comes after a backbone, and what both backbones have."""
    return dict(d_model=16, hidden_expansion=0.5, c2f_num_blocks=2, decoder_ffn_dim=20, decoder_layers=2,
                decoder_n_points=2, decoder_self_attention_heads=2, decoder_cross_attention_heads=4,
                num_queries=4, group_detr=2, backbone_config=dict(
                    hidden_size=18, num_hidden_layers=4, num_attention_heads=3, mlp_ratio=2, patch_size=6,
                    layer_norm_eps=EPSILON, out_indices=[1, 3]) | backbone) | changes


CLASSIFIERS = {
    # pictures that are not square, heads of 8, an MLP of no round width
    "vit": classifier("ViT", vit((24, 40), 8, num_hidden_layers=3),
                      ViTImageProcessorPil(size=sides(24, 40), resample=BILINEAR)),
    # four files; no bias in q, k, v; values between -1 and 1 by rescaling alone
    "vit_bf16_sharded": classifier("ViT", vit(qkv_bias=False, hidden_act="quick_gelu"), ViTImageProcessorPil(
        size=sides(24, 24), resample=BICUBIC, rescale_factor=1 / 127.5, image_mean=[1, 1, 1],
        image_std=[1, 1, 1]),
        dtype=torch.bfloat16, shard=SHARD),
    # values from 0 to 1; heads of 10
    "vit_f16": classifier("ViT", vit(hidden_size=20, num_attention_heads=2, hidden_act="gelu_pytorch_tanh"),
                          ViTImageProcessorPil(size=sides(24, 24), resample=LANCZOS, do_normalize=False),
                          dtype=torch.float16),
    # not resized: cut, and where too small, padded with black
    "vit_multilabel": classifier("ViT", vit(hidden_act="relu", problem_type="multi_label_classification"),
                                 ViTImageProcessorPil(do_resize=False, do_center_crop=True,
                                                      crop_size=sides(24, 24)),
                                 dtype=torch.float16),
    # resized to other proportions, then cut
    "deit": classifier("DeiT", vit(30), DeiTImageProcessorPil(
        size=sides(39, 33), crop_size=sides(30, 30), image_mean=[0.4, 0.45, 0.5],
        image_std=[0.3, 0.25, 0.2])),
    "deit_teacher": classifier("DeiT", vit(hidden_act="silu"), DeiTImageProcessorPil(
        size=sides(24, 24), do_center_crop=False, resample=HAMMING, do_rescale=False,
        image_mean=[100, 110, 120], image_std=[60, 55, 50]), dtype=torch.bfloat16, suffix="WithTeacher"),
    # the shortest edge, then cut; one picture of the very size
    "dinov2": classifier("Dinov2", dinov2(28, 14), BitImageProcessorPil(
        size={"shortest_edge": 33}, crop_size=sides(28, 28)), sizes=((51, 36), (30, 43), (33, 33))),
    "dinov2_swiglu": classifier("Dinov2", dinov2(use_swiglu_ffn=True, mlp_ratio=3), BitImageProcessorPil(
        size={"shortest_edge": 24}, crop_size=sides(24, 24), resample=BOX), dtype=torch.float16, shard=SHARD),
    # positions of a grid of 5 × 5, and of 7 × 7, for one of 4 × 4
    "dinov2_interpolated": classifier("Dinov2", dinov2(30), BitImageProcessorPil(
        size={"shortest_edge": 27}, crop_size=sides(24, 24)), dtype=torch.bfloat16),
    "dinov2_registers": classifier("Dinov2WithRegisters", dinov2(42, num_register_tokens=3),
        BitImageProcessorPil(size={"shortest_edge": 29}, crop_size=sides(24, 24)), dtype=torch.float16),
}

DETECTORS = {
    # sides follow the picture: one is limited by its longest edge; positions of a grid of 2 × 3, after each
    # layer too
    "yolos": dict(architecture="Yolos", config=vit((32, 48), 16, num_hidden_layers=3, num_detection_tokens=5),
                  processor=YolosImageProcessorPil(size={"shortest_edge": 48, "longest_edge": 70},
                                                   do_pad=False),
                  dtype=torch.bfloat16),
    # batch norms, positions of a grid of 4 × 4 for one of 4 × 6, all layers but one in windows
    "lw_detr": dict(architecture="LwDetr", config=detr(dict(
        model_type="lw_detr_vit", pretrain_image_size=24, image_size=48, num_windows=4, num_attention_heads=2,
        window_block_indices=[0, 2]), projector_scale_factors=[1.0]),
                    processor=DeformableDetrImageProcessorPil(size=sides(24, 36), do_pad=False)),
    # layer norms, a class token in each window, a grid of 6 × 4; three blocks
    "rf_detr": dict(architecture="RfDetr", config=detr(dict(
        model_type="rf_detr_dinov2", image_size=24, num_windows=2), c2f_num_blocks=3, layer_norm_eps=EPSILON),
                    processor=RfDetrImageProcessor(size=sides(36, 24)), dtype=torch.float16),
}

CAPTIONERS = {
    # a projection between two widths, one file, tokenizer.json
    "vit_gpt2": dict(encoder="ViT", config=vit(), decoder=gpt2(),
                     processor=ViTImageProcessorPil(size=sides(24, 24)),
                     generation=dict(no_repeat_ngram_size=2), tokens=True),
    # no projection, a head of its own, several files, vocab.json and merges.txt; a search with all numbers
    "deit_gpt2": dict(encoder="DeiT", config=vit(hidden_size=20, num_attention_heads=2),
                      decoder=gpt2(scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False,
                                   activation_function="gelu", n_inner=None),
                      processor=DeiTImageProcessorPil(size=sides(31, 28), crop_size=sides(24, 24)),
                      generation=dict(num_beams=4, no_repeat_ngram_size=2, repetition_penalty=1.3,
                                      length_penalty=0.7,
                                      min_length=4), dtype=torch.bfloat16, shard=SHARD, files=True,
                                      tokens=True),
    # one picture; sentences that would end sooner; tokenizer.json and processor_config.json
    "git": dict(config=vit(hidden_act="quick_gelu", layer_norm_eps=0.03), decoder=bert(),
                processor=CLIPImageProcessorPil(size={"shortest_edge": 24}, crop_size=sides(24, 24)),
                generation=dict(min_length=7), tokens=True),
    # three frames, one moment
    "git_frames": dict(config=vit(hidden_act="quick_gelu", layer_norm_eps=0.03),
                       decoder=bert(num_image_with_embedding=3, num_hidden_layers=3),
                       processor=CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size=sides(24, 24)),
                       generation=dict(no_repeat_ngram_size=2), dtype=torch.float16,
                       sizes=((40, 32), (40, 32), (40, 32))),
    # several files, vocab.txt and preprocessor_config.json, as on the hub
    "blip": dict(config=vit(layer_norm_eps=0.03), decoder=bert(),
                 processor=BlipImageProcessorPil(size=sides(24, 24)),
                 generation=dict(repetition_penalty=1.5), shard=SHARD, files=True, tokens=True),
}

RELATIONS = {
    # an odd number of patches, of which none is a class token; the tower is a part of config.json
    "siglip": classifier("Siglip", dict(
        vision_config=vit(30, hidden_act="gelu_pytorch_tanh", vision_use_head=False), text_config=dict(
            vocab_size=10, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1,
            projection_size=24)), SiglipImageProcessorPil(size=sides(30, 30)), dtype=torch.float16),
    "vit_msn": classifier("ViTMSN", vit(hidden_size=20, num_attention_heads=2),
                          ViTImageProcessorPil(size=sides(24, 24), resample=BICUBIC), dtype=torch.bfloat16),
    # a bias of each layer, heads of 8
    "beit": classifier("Beit", vit(30, use_relative_position_bias=True), BeitImageProcessorPil(
        size=sides(36, 33), do_center_crop=True, crop_size=sides(30, 30)), dtype=torch.float16),
    # one bias for all layers, positions besides, the class token; branches are not scaled
    "data2vec_vision": classifier("Data2VecVision", vit(
        use_shared_relative_position_bias=True, use_absolute_position_embeddings=True, use_mean_pooling=False,
        layer_scale_init_value=0.0, hidden_size=20, num_attention_heads=2),
        BeitImageProcessorPil(size=sides(24, 24)), dtype=torch.bfloat16),
    # windows of 3 × 3 that divide neither 10 × 7 patches nor the 5 × 4 that these and a column of nothing
    # become
    "swin": classifier("Swin", dict(embed_dim=8, depths=[2, 3], num_heads=[2, 4], window_size=3,
                                    mlp_ratio=2.0, image_size=(40, 28), patch_size=4, layer_norm_eps=EPSILON),
                       ViTImageProcessorPil(size=sides(40, 28)), dtype=torch.float16),
    # windows as large as the second stage, none shifted there; positions; no bias in q, k, v
    "swin_whole": classifier("Swin", dict(
        embed_dim=12, depths=[2, 1], num_heads=[3, 2], window_size=4, mlp_ratio=1.5, image_size=32,
        patch_size=4, layer_norm_eps=EPSILON, use_absolute_embeddings=True, qkv_bias=False),
                             ViTImageProcessorPil(size=sides(32, 32)), dtype=torch.bfloat16),
}

# Without a head: class, configuration, processor, and the output that is the embedding.
BACKBONES = {
    # a pooler of another width
    "vit_headless": classifier("ViTModel", vit(pooler_output_size=14), ViTImageProcessorPil(
        size=sides(24, 24)), output="pooler_output", dtype=torch.float16),
    "clip_vision": classifier("CLIPVisionModelWithProjection", vit(
        hidden_size=20, num_attention_heads=2, hidden_act="quick_gelu", projection_dim=12),
        CLIPImageProcessorPil(size={"shortest_edge": 24}, crop_size=sides(24, 24)), output="image_embeds",
        dtype=torch.float16),
}

# As those, and made later.
MORE_BACKBONES = {
    # queries and keys that turn by a grid of 4 × 6, two registers, a gated MLP, a bias of keys alone
    "dinov3_vit": classifier("DINOv3ViTModel", dict(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=36, image_size=24,
        patch_size=6, num_register_tokens=2, use_gated_mlp=True, query_bias=False, key_bias=True,
        value_bias=False, layer_norm_eps=EPSILON, rope_theta=50.0),
        DINOv3ViTImageProcessor(size=sides(24, 36)), output="pooler_output", dtype=torch.float16),
}

# timm's: architecture, what differs from it, how pictures are prepared.
TIMM = {
    # two heads; what is cut begins between two pixels
    "timm_distilled": dict(architecture="deit_tiny_distilled_patch16_224", numbers=dict(
        img_size=24, patch_size=6, embed_dim=24, num_heads=3, depth=2, mlp_ratio=2), pictures=dict(
            crop_pct=0.85, interpolation="bilinear", label_names=LABELS)),
    # the mean of the patches, a register, scales, no position for what comes before; both edges, squashed
    "timm_mean": dict(architecture="vit_wee_patch16_reg1_gap_256", numbers=dict(
        img_size=24, patch_size=6, embed_dim=24, num_heads=2, depth=2, mlp_ratio=1.5), pictures=dict(
            crop_pct=0.95, crop_mode="squash", mean=(0.5, 0.45, 0.4), std=(0.3, 0.25, 0.2))),
}

SIZES = ((47, 33), (19, 28))


# ---- random networks

def fill(p, scale, generator, around=0.0):
    p.copy_(around + scale * torch.randn(p.shape, generator=generator))


@torch.no_grad()
def randomise(model, seed, head=None, end=None):
    """Makes every parameter random, so that each changes the outputs by more than any tolerance. In a network
    that writes, the `head` has a strong row for the `end`, which later positions point to; else few sentences
    would end."""
    generator, seen = torch.Generator().manual_seed(seed), set()
    for module in model.modules():
        kind = type(module).__name__
        for name, p in module.named_parameters(recurse=False):
            if p in seen:           # shared by two modules
                continue
            seen.add(p)
            if kind.endswith(("LayerNorm", "BatchNorm2d")) and name == "weight" or name.startswith("lambda"):
                fill(p, 0.25, generator, around=1)
            elif p.ndim == 1:
                fill(p, 0.3, generator)
            elif kind == "Conv1D":  # GPT-2's, stored [in, out]
                fill(p, 1.2 / math.sqrt(p.shape[0]), generator)
            elif kind in ("Linear", "Conv2d"):
                fill(p, (2.5 if module is head else 1.2) / math.sqrt(p[0].numel()), generator)
            elif kind == "Embedding" and len(p) > 100:  # words, which weigh more than their positions
                fill(p, 0.45 if head is not None and p is head.weight else 1, generator)
            else:                   # tokens, positions
                fill(p, 0.3 if kind == "Embedding" else 0.6, generator)
    for name, buffer in model.named_buffers():  # of batch norms
        if name.endswith("running_mean"):
            fill(buffer, 0.3, generator)
        elif name.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
    for name, p in model.named_parameters():  # boxes that are moved by their size, not by a thousand times it
        if name.endswith("bbox_embed.layers.2.weight") or name.endswith("reference_point_embed.weight") or (
                "enc_out_bbox_embed" in name and name.endswith("layers.2.weight")):
            p *= 0.3
    if hasattr(model, "tie_weights"):  # timm's has none
        model.tie_weights()
    if head is not None:
        head.weight[end] *= 2.5
        positions = next(m for name, m in model.named_modules() if name.endswith(POSITIONS))
        later = (torch.arange(len(positions.weight)) - 3).clamp(min=0)
        positions.weight += later[:, None] * head.weight[end] / head.weight[end].norm()


def draw_pictures(directory, sizes, seed):
    (directory / "pictures").mkdir(parents=True)
    for i, size in enumerate(sizes):
        draw.picture(size, seed + i, grey=i % 2 == 1).save(directory / "pictures" / f"{i}.png", optimize=True)
    return [Image.open(directory / "pictures" / f"{i}.png").convert("RGB") for i in range(len(sizes))]


# ---- what all directories have

def save_network(model, directory, dtype, shard):
    model.to(dtype).save_pretrained(directory, max_shard_size=shard or "1GB")


def load_network(model_class, directory):
    """The network as the file has it, in double precision."""
    model = model_class.from_pretrained(directory, dtype=torch.float64, attn_implementation="eager")
    return model.double().eval()


def pixels(processor, pictures):
    return processor(pictures, return_tensors="pt").pixel_values.float()


def write_expected(directory, tensors, values):
    save_file({name: (t if t.dtype == torch.int64 else t.float()).contiguous()
               for name, t in tensors.items()},
              directory / "expected.safetensors")
    with open(directory / "expected.json", "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1, ensure_ascii=False)
        file.write("\n")


# ---- classifiers

def top(logits, model):
    several = model.config.problem_type == "multi_label_classification"
    scores = logits.sigmoid() if several else logits.softmax(-1)
    rows = []
    for row in scores:
        best = row.argsort(descending=True)[:5].tolist()
        rows.append([{"id": i, "label": model.config.id2label[i], "score": row[i].item()} for i in best])
    return rows


def write_classifier(directory, seed, architecture, config, processor, suffix="", dtype=torch.float32,
                     shard=None, sizes=SIZES):
    model_class = getattr(transformers, architecture + "ForImageClassification" + suffix)
    labels = dict(enumerate(LABELS))
    network = model_class(model_class.config_class(id2label=labels, label2id={
        t: i for i, t in labels.items()}, **config))
    randomise(network, seed)
    pictures = draw_pictures(directory, sizes, seed)
    save_network(network, directory, dtype, shard)
    processor.save_pretrained(directory)
    model, pixel_values = load_network(model_class, directory), pixels(processor, pictures)
    out = model(pixel_values.double(), output_hidden_states=True)
    hidden = {f"hidden_states.{i}": h for i, h in enumerate(out.hidden_states)}
    write_expected(directory, {"pixel_values": pixel_values, "logits": out.logits} | hidden,
                   {"top": top(out.logits, model)})


# ---- backbones

def write_backbone(directory, seed, architecture, config, processor, output, dtype):
    model_class = getattr(transformers, architecture)
    network = model_class(model_class.config_class(**config))
    randomise(network, seed)
    pictures = draw_pictures(directory, SIZES, seed)
    save_network(network, directory, dtype, None)
    processor.save_pretrained(directory)
    model, pixel_values = load_network(model_class, directory), pixels(processor, pictures)
    out = model(pixel_values.double(), output_hidden_states=True)
    hidden = {f"hidden_states.{i}": h for i, h in enumerate(out.hidden_states)}
    write_expected(directory, {"pixel_values": pixel_values, output: out[output]} | hidden, {})


# ---- timm's

def timm_hidden(network, pixel_values):
    """What goes into the first block, then what leaves each; the pooled vector; logits."""
    hidden = []
    for i, block in enumerate(network.blocks):
        if i == 0:
            block.register_forward_pre_hook(lambda _, given: hidden.append(given[0]))
        block.register_forward_hook(lambda _, given, out: hidden.append(out))
    features = network.forward_features(pixel_values)
    pooled = network.forward_head(features, pre_logits=True)
    logits = network.forward_head(features) if network.num_classes else None
    return {f"hidden_states.{i}": h for i, h in enumerate(hidden)}, pooled, logits


def write_timm(directory, seed, architecture, numbers, pictures, sizes=SIZES):
    network = timm.create_model(architecture, num_classes=len(LABELS), **numbers)
    randomise(network, seed)
    drawn = draw_pictures(directory, sizes, seed)
    network = network.half().double().eval()
    side = numbers["img_size"]
    network.pretrained_cfg = dict(network.pretrained_cfg, input_size=(3, side, side)) | {
        name: value for name, value in pictures.items() if name != "label_names"}
    timm.models.save_for_hf(copy.deepcopy(network).half(), directory, model_args=numbers, model_config={
        name: value for name, value in pictures.items() if name == "label_names"}, safe_serialization=True)
    transform = timm.data.create_transform(**timm.data.resolve_data_config(network.pretrained_cfg))
    pixel_values = torch.stack([transform(picture) for picture in drawn])
    hidden, pooled, logits = timm_hidden(network, pixel_values.double())
    names = pictures.get("label_names", [f"LABEL_{i}" for i in range(len(LABELS))])
    rows = [[{"id": i, "label": names[i], "score": row[i].item()}
             for i in row.argsort(descending=True)[:5].tolist()] for row in logits.softmax(-1)]
    expected = {"pixel_values": pixel_values, "logits": logits, "pooler_output": pooled}
    write_expected(directory, expected | hidden, {"top": rows})


# ---- detectors

def found_boxes(processor, out, picture, model):
    """Every box, best first."""
    found = processor.post_process_object_detection(out, threshold=0, target_sizes=[picture.size[::-1]])[0]
    rows = [{"id": label, "label": model.config.id2label[label], "score": score, "box": box}
            for label, score, box in zip(*(found[name].tolist() for name in ("labels", "scores", "boxes")))]
    return sorted(rows, key=lambda row: -row["score"])


def is_steady(model, pictures):
    """Does the first of two stages choose the same places, however weights are rounded?"""
    points = model(pictures).init_reference_points
    return all((rounded(model, 6, times)(pictures).init_reference_points - points).abs().max() < 0.05
               for times in range(8))


def write_detector(directory, seed, architecture, config, processor, dtype=torch.float32, sizes=SIZES):
    model_class = getattr(transformers, architecture + "ForObjectDetection")
    labels = dict(enumerate(LABELS))
    ids = {label: i for i, label in labels.items()}
    network = model_class(model_class.config_class(id2label=labels, label2id=ids, **config))
    pictures = draw_pictures(directory, sizes, seed)
    two_stages = hasattr(network, "model")
    for attempt in range(ATTEMPTS):
        randomise(network.float(), ATTEMPTS * seed + attempt if two_stages else seed)
        rounded_network = network.to(dtype).double().eval()
        if not two_stages or is_steady(rounded_network, pixels(processor, pictures).double()):
            break
    else:
        raise SystemExit(f"{architecture}: none of {ATTEMPTS} networks chooses places that can be compared")
    save_network(network, directory, dtype, None)
    processor.save_pretrained(directory)
    model, tensors, boxes = load_network(model_class, directory), {}, []
    if two_stages:
        tensors["init_reference_points"] = model(pixels(processor, pictures).double()).init_reference_points
        print(f"{architecture}: attempt {attempt}")
    for i, picture in enumerate(pictures):
        pixel_values = pixels(processor, [picture])
        out = model(pixel_values.double())
        tensors |= {f"pixel_values.{i}": pixel_values, f"logits.{i}": out.logits,
                    f"pred_boxes.{i}": out.pred_boxes}
        boxes.append(found_boxes(processor, out, picture, model))
    write_expected(directory, tensors, {"boxes": boxes})


# ---- captioners

def vision_encoder_decoder(encoder, config, decoder, tokenizer):
    end = tokenizer.eos_token_id
    parts = (getattr(transformers, encoder + "Config")(**config),
             transformers.GPT2Config(vocab_size=len(tokenizer), bos_token_id=end, eos_token_id=end,
                                     **decoder))
    whole = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(*parts)
    whole.decoder_start_token_id = whole.pad_token_id = end
    return transformers.VisionEncoderDecoderModel(whole), dict(decoder_start_token_id=end, eos_token_id=end,
                                                               pad_token_id=end)


def git(config, decoder, tokenizer):
    ids = dict(bos_token_id=tokenizer.cls_token_id, eos_token_id=tokenizer.sep_token_id, pad_token_id=0)
    return transformers.GitForCausalLM(transformers.GitConfig(vision_config=config, vocab_size=len(tokenizer),
                                                              **ids, **decoder)), ids


def blip(config, decoder, tokenizer):
    ids = dict(bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.sep_token_id, pad_token_id=0)
    text = dict(vocab_size=len(tokenizer), encoder_hidden_size=config["hidden_size"], projection_dim=16,
                sep_token_id=tokenizer.sep_token_id, is_decoder=True, **ids, **decoder)
    return transformers.BlipForConditionalGeneration(transformers.BlipConfig(
        vision_config=config, text_config=text, projection_dim=16, image_text_hidden_size=16)), ids


def build(name, encoder=None, **parts):
    """A network that writes, the numbers for its generation_config.json, and its tokenizer."""
    if encoder:
        tokenizer = words.bpe(merges=50)
        return *vision_encoder_decoder(encoder, tokenizer=tokenizer, **parts), tokenizer
    tokenizer = words.wordpiece(**({"bos_token": "[DEC]"} if name == "blip" else {}))
    return *(blip if name == "blip" else git)(tokenizer=tokenizer, **parts), tokenizer


def save_words(directory, name, tokenizer, processor, files):
    whole = {"git": GitProcessor, "blip": BlipProcessor}.get(name.split("_")[0])
    if whole and not files:
        whole(processor, tokenizer).save_pretrained(directory)
        return
    processor.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    if files:  # the vocabulary in the files that most checkpoints on the hub have
        (directory / "tokenizer.json").unlink()
        backend = tokenizer.backend_tokenizer
        backend.model.save(str(directory))
        known = backend.get_vocab_size(with_added_tokens=False)
        added = {token: i for token, i in tokenizer.get_added_vocab().items() if i >= known}
        if added:
            (directory / "added_tokens.json").write_text(json.dumps(added))


def head_of(model):
    if hasattr(model, "encoder"):
        return model.decoder.lm_head
    return model.output if hasattr(model, "git") else model.text_decoder.cls.predictions.decoder


def encode(model, pixel_values):
    if hasattr(model, "encoder"):
        return model.encoder(pixel_values).last_hidden_state
    if hasattr(model, "git"):
        return model.git.image_encoder(pixel_values.flatten(0, -4)).last_hidden_state
    return model.vision_model(pixel_values).last_hidden_state


def next_tokens(model, pixel_values, ids):
    if hasattr(model, "encoder"):
        return model(pixel_values=pixel_values, decoder_input_ids=ids).logits
    if hasattr(model, "git"):
        return model(pixel_values=pixel_values, input_ids=ids).logits
    return model.text_decoder(input_ids=ids, encoder_hidden_states=encode(model, pixel_values)).logits


def write_sentences(model, pixel_values, beams):
    out = model.generate(pixel_values=pixel_values, num_beams=beams, do_sample=False,
                         return_dict_in_generate=True, output_scores=True, early_stopping=False)
    return out.sequences, out.sequences_scores if beams > 1 else None


@torch.no_grad()
def rounded(model, bits, seed):
    """A copy in which each weight is off by up to 2^-bits of itself."""
    generator = torch.Generator().manual_seed(seed)
    other = copy.deepcopy(model)
    for p in other.parameters():
        p.mul_(1 + 2.0 ** -bits * (2 * torch.rand(p.shape, generator=generator, dtype=p.dtype) - 1))
    return other


def says_something(ids, end):
    """Do the sentences differ from picture to picture, and is none one word over and over?"""
    rows = [row.tolist() for row in ids]
    return len(set(map(tuple, rows))) == len(rows) and all(len({*row} - {end, *row[:1], 0}) >= 3
                                                           for row in rows)


def is_sturdy(model, pixel_values):
    """Do the words stay the same however weights are rounded, to bf16 with one beam and to f16 with four?
    Does any sentence end?"""
    end, ended = model.generation_config.eos_token_id, False
    for beams, bits in ((1, 6), (4, 9)):
        ids = write_sentences(model, pixel_values, beams)[0]
        ended |= (ids[:, 1:] == end).any().item()
        if beams == 1 and not says_something(ids, end):
            return False
        for times in range(4):
            other = write_sentences(rounded(model, bits, times), pixel_values, beams)[0]
            if other.shape != ids.shape or (other != ids).any():
                return False
    return ended


def sentences(model, tokenizer, pixel_values):
    found = {}
    for way, beams in (("greedy", 1), ("beam4", 4)):
        ids, scores = write_sentences(model, pixel_values, beams)
        texts = [tokenizer.decode(row, skip_special_tokens=True).strip() for row in ids]
        found[way] = {"ids": ids.tolist(), "texts": texts} | ({} if scores is None
                                                              else {"scores": scores.tolist()})
    return found


def some_ids(model, found, vocabulary, seed):
    """The token that starts a sentence, then random ones of the vocabulary."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, vocabulary, (len(found["greedy"]["ids"]), STEPS), generator=generator)
    ids[:, 0] = found["greedy"]["ids"][0][0]
    return ids


def write_captioner(directory, seed, name, processor, dtype=torch.float32, shard=None, files=False,
                    tokens=False, generation=None, sizes=SIZES, **parts):
    pictures = draw_pictures(directory, sizes, seed)
    pixel_values = pixels(processor, pictures)
    if name == "git_frames":
        pixel_values = pixel_values[None]
    network, ids, tokenizer = build(name, **parts)
    network.generation_config = transformers.GenerationConfig(max_length=LENGTH, **ids, **(generation or {}))
    if name == "blip":  # generate () is its decoder's
        network.text_decoder.generation_config = network.generation_config
    for attempt in range(ATTEMPTS):
        randomise(network.float(), ATTEMPTS * seed + attempt, head_of(network), ids["eos_token_id"])
        if is_sturdy(network.to(dtype).double().eval(), pixel_values.double()):
            break
    else:
        raise SystemExit(f"{name}: none of {ATTEMPTS} networks writes what can be compared")
    save_network(network, directory, dtype, shard)
    model = load_network(type(network), directory)
    if name == "blip":
        model.text_decoder.generation_config = model.generation_config
    save_words(directory, name, tokenizer, processor, files)
    found = sentences(model, tokenizer, pixel_values.double())
    given = some_ids(model, found, len(tokenizer), seed)
    write_expected(directory, {
        "pixel_values": pixel_values, "encoder.last_hidden_state": encode(model, pixel_values.double()),
        "input_ids": given, "logits": next_tokens(model, pixel_values.double(), given)}, found)
    if tokens:
        words.write_tokens(directory, tokenizer)
    print(f"{name}: attempt {attempt}", found["greedy"]["texts"], found["beam4"]["texts"])


# ---- the same weights as PyTorch itself writes them

def across(weight):
    """The same numbers, stored column by column."""
    return weight.t().contiguous().t() if weight.dim() == 2 else weight


REWRITTEN = {
    # a directory that was made before, what is saved of its tensors, and how
    "vit_bin": ("vit_f16", lambda tensors: {"epoch": 3, "state_dict": {
        "module." + name: across(tensor) for name, tensor in tensors.items()}}, dict(pickle_protocol=4)),
    "vit_bin_older": ("vit_f16", dict, dict(_use_new_zipfile_serialization=False)),
}


def rewrite(directory, source, arrange, options):
    shutil.copytree(DATA / source, directory)
    tensors = load_file(directory / "model.safetensors")
    (directory / "model.safetensors").unlink()
    torch.save(arrange(tensors), directory / "pytorch_model.bin", **options)


def main():
    # of which each is the number of its seed, so what is new goes to the end
    names = [*CLASSIFIERS, *CAPTIONERS, *DETECTORS, *RELATIONS]
    parser = argparse.ArgumentParser(description="Makes the golden directories.")
    others = [*BACKBONES, *TIMM, *MORE_BACKBONES]
    everything = [*names, *others, *REWRITTEN]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(everything))
    parser.add_argument("--into", type=pathlib.Path, default=DATA, metavar="DIRECTORY")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    for name in args.names or everything:
        directory = args.into / name
        seed = (1 + names.index(name) if name in names
                else 101 + others.index(name) if name in others else None)
        shutil.rmtree(directory, ignore_errors=True)
        if name in REWRITTEN:
            rewrite(directory, *REWRITTEN[name])
        elif name in BACKBONES or name in MORE_BACKBONES:
            write_backbone(directory, 10 * seed, **(BACKBONES | MORE_BACKBONES)[name])
        elif name in TIMM:
            write_timm(directory, 10 * seed, **TIMM[name])
        elif name in CLASSIFIERS or name in RELATIONS:
            write_classifier(directory, 10 * seed, **(CLASSIFIERS | RELATIONS)[name])
        elif name in DETECTORS:
            write_detector(directory, 10 * seed, **DETECTORS[name])
        else:
            write_captioner(directory, 10 * seed, name, **CAPTIONERS[name])
        for file in directory.rglob("*.*"):  # Transformers makes some readable for the owner alone
            file.chmod(0o644)
        print(name, sum(file.stat().st_size for file in directory.rglob("*.*")) // 1024, "KB")


main()
