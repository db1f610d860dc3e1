# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tokenizers of the golden directories that write, and what they make of a few texts."""
import json

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import BertTokenizer, GPT2Tokenizer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = """a an and at beside big black blue boat bus car cat chair child cow dog field four grass green grey
 hat holding horse house in is it's man near of old on one orange person red river road room running sitting
  small
 snow standing street table that the three train tree two under walking water white window with woman
  yellow""".split()
PIECES = "##s ##ing ##ed ##er ##es ##y ##n't ' , . ! ? - : ( ) 0 1 2 3 ä ß 犬 ##ß".split()

TEXTS = """|Hello, world!|a cat on a mat|A BIG Dog is running|the dog's house isn't blue.
two  cats   and three dogs
it's|It's|they've been walking|don't stop|we'll see|I'm|you'd|o'clock|cats' names|naïve café|Straße, Fuß
ÄÖÜ äöü|犬と猫
 leading and trailing |tab	and newline|1234567890|3.14|12 cats|a-b|a - b|(a man)|"a man"|a man .|a man, a dog
hello...
wait!?|unbelievable|xylophone|zzz|a|I|😀 smile|a 👩‍👧 family|e\u0301 and é|İstanbul|ΑΒΓ αβγ ς|Привет мир|שלום
नमस्ते
\u00a0no break|\u200bzero width|\ufeffmark|\u0007bell|under the tree.|near the river, a house
running, walking; sitting|sit
streets|horses|boxes|tables|trees are standing|red/green|50%|#1|@home|C++|a_b_c|CamelCase|ALLCAPS|mixedCASE
<|endoftext|>|[SEP]|a [SEP] b|[cls]|[MASK] dog|[UNK]|the orange boat
four white horses standing in grass""".replace("\n", "|")


def texts():
    """The parts of TEXTS, and each followed by the next one; special tokens are kept whole."""
    split = TEXTS.replace("<|endoftext|>", "<END>").split("|")
    both = [first + second for first, second in zip(split, split[1:] + split[:1])]
    return [text.replace("<END>", "<|endoftext|>")
            for text in split + both + [text.title() for text in split]]


def bpe(merges):
    """GPT-2's kind: all bytes, then so many merges learnt from the words above."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=1 + len(alphabet) + merges, initial_alphabet=alphabet,
                                  min_frequency=1, special_tokens=["<|endoftext|>"], show_progress=False)
    t.train_from_iterator([" ".join(WORDS[i:] + WORDS[:i]) for i in range(len(WORDS))], trainer)
    model = json.loads(t.to_str())["model"]
    return GPT2Tokenizer(vocab=model["vocab"], merges=[tuple(pair) for pair in model["merges"]])


def wordpiece(**special):
    """BERT's kind: words, pieces and letters."""
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    tokens = list(dict.fromkeys([*SPECIAL, *letters, *("##" + c for c in letters), *WORDS, *PIECES]))
    t = BertTokenizer(vocab={token: i for i, token in enumerate(tokens)}, clean_up_tokenization_spaces=True)
    if special:
        t.add_special_tokens(special)
    return t


def write_tokens(directory, tokenizer):
    """tokens.json: one object a line."""
    with open(directory / "tokens.json", "w", encoding="utf-8") as file:
        for text in texts():
            ids = tokenizer(text).input_ids
            decoded = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            file.write(json.dumps({"text": text, "ids": ids, "decoded": decoded}, ensure_ascii=False) + "\n")
