"""llama.cpp's own HTTP server, as the package xllamacpp carries it, with a tiny model of random weights that is made here.

Random weights are enough, since the server lets through only what the JSON schema allows; a schema that never reaches the model's
sampling shows at once. The chances of characters are set so that texts are short and numbers are 0. See docs/llm.md, "Providers".

    pip install xllamacpp gguf numpy
    python test/providers/llama-cpp.py 14100
"""

import os
import signal
import sys
import tempfile
import time

import gguf
import numpy
import xllamacpp

EMBEDDING, FEED_FORWARD, HEADS, CONTEXT = 64, 64, 2, 16_384
CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "


def chance_of(token: bytes) -> float:
    """The logarithm of how often a byte is chosen before others, where the schema leaves a choice."""
    if token == b"0":
        return 7.0
    if token in (b'"', b"]", b"}"):
        return 6.0
    if token in (b"e", b"E"):  # of an exponent
        return 0.0
    if token.isalpha() or token in (b" ", b","):
        return 5.0
    return 0.0 if 0x20 < token[0] < 0x7F else -30.0


def write_model(path: str) -> None:
    random = numpy.random.default_rng(7)

    def weights(*shape: int, scale: float = 0.02) -> numpy.ndarray:
        return (random.standard_normal(shape) * scale).astype(numpy.float32)

    specials = ["<unk>", "<s>", "</s>"]
    token_bytes = [bytes([value]) for value in range(256)]
    embeddings = weights(len(specials) + 256, EMBEDDING)
    # The first dimension is the same for all tokens, and what remains of it after the last norm weighs the chances.
    embeddings[:, 0] = 1.0
    output = weights(len(specials) + 256, EMBEDDING)
    chances = [-30.0, -30.0, 0.0, *map(chance_of, token_bytes)]
    output[:, 0] = numpy.array(chances) / numpy.sqrt(EMBEDDING)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_rope_dimension_count(EMBEDDING // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([*specials, *(f"<0x{value:02X}>" for value in range(256))])
    writer.add_token_scores([0.0] * (len(specials) + 256))
    kinds = gguf.TokenType
    writer.add_token_types([kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *([kinds.BYTE] * 256)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(CHAT_TEMPLATE)

    ones = numpy.ones(EMBEDDING, dtype=numpy.float32)
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", output)
    for norm in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{norm}.weight", ones)
    for matrix in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{matrix}.weight", weights(EMBEDDING, EMBEDDING))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(model: str, port: int) -> xllamacpp.Server:
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {"random"}
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_parallel, params.n_ctx = 4, 4 * CONTEXT
    params.cpuparams.n_threads = 1
    return xllamacpp.Server(params)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the folder goes too
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "random.gguf")
    write_model(path)
    server = serve(path, int(sys.argv[1]) if len(sys.argv) > 1 else 14100)
    print(f"serves {server.listening_address}", flush=True)
    while True:
        time.sleep(3_600)
