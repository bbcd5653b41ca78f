"""Language models of a few thousand weights for the tiny policies: tokenizers, configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
FAKE, GLOBAL, IMAGE, END = (
    "<fake_token_around_image>",
    "<global-img>",
    "<image>",
    "<end_of_utterance>",
)
SIZE, PATCH = 32, 8


def byte_tokenizer(more: tuple[str, ...], **named: Any) -> Any:
    """A tokenizer whose words are the 256 bytes, ``SPECIAL`` and ``more``."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = (*SPECIAL, *more, *sorted(pre_tokenizers.ByteLevel.alphabet()))
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = dict(zip(("pad_token", "bos_token", "eos_token", "unk_token"), SPECIAL, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names, **named)


def save_smolvlm(folder: Path) -> None:
    """Configuration and processor of a SmolVLM in ``folder``; its weights lie in the policy."""
    from transformers import SmolVLMConfig, SmolVLMImageProcessor, SmolVLMProcessor
    from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor

    named = {"fake_image_token": FAKE, "global_image_token": GLOBAL, "image_token": IMAGE}
    tokenizer = byte_tokenizer((FAKE, GLOBAL, IMAGE, END), extra_special_tokens=named)
    SmolVLMProcessor(SmolVLMImageProcessor(), tokenizer, SmolVLMVideoProcessor()).save_pretrained(
        folder
    )
    words = {
        "model_type": "llama",
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
    }
    SmolVLMConfig(
        text_config=words,
        vision_config=_vision(),
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
    ).save_pretrained(folder)


def _vision() -> dict[str, Any]:
    return {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": SIZE,
        "patch_size": PATCH,
    }


def pi0_processor(**statistics: Any) -> Any:
    """A processor of pi0 for images of ``SIZE`` pixels."""
    from transformers import PI0Processor
    from transformers.models.pi0.image_processing_pi0 import PI0ImageProcessor

    images = PI0ImageProcessor(
        size={"max_height": SIZE, "max_width": SIZE}, pad_size={"height": SIZE, "width": SIZE}
    )
    images.image_seq_length = (SIZE // PATCH) ** 2
    return PI0Processor(images, byte_tokenizer(()), **statistics)


def paligemma_config(processor: Any) -> dict[str, Any]:
    """A PaliGemma of two layers that knows the processor's words."""
    words = {
        "model_type": "gemma",
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "vocab_size": len(processor.tokenizer),
    }
    vision = _vision() | {"model_type": "siglip_vision_model", "vision_use_head": False}
    return {
        "model_type": "paligemma",
        "text_config": words,
        "vision_config": vision,
        "projection_dim": words["hidden_size"],
        "image_token_id": processor.image_token_id,
    }
