"""Trains a small character-level language model and leaves it as one JSON file.

The model (Bengio et al., "A Neural Probabilistic Language Model", 2003): the last CONTEXT characters are looked up in a table
of embeddings, go through one tanh layer and become the probabilities of the next character. Adam minimises the cross-entropy.
It needs nothing but the standard library; numpy, where it is installed, does the same sums faster.
"""
import argparse
import json
import math
import os
import random
import signal
import time

import tiny_lm_math

FORMAT = "portal-tiny-lm/1"
CONTEXT = 12  # characters the model looks back
EMBEDDING = 8  # numbers that stand for one character
BATCH = 16  # places in the text a step learns from
PIECE = 4  # of them at a time: a short run reports its loss piece by piece
LARGEST_VOCABULARY = 200
UNKNOWN = "\ufffd"  # stands for characters beyond the vocabulary
START = "\n"  # what stands before the beginning
REPORTS = 200  # points of a curve, about
FEWEST_REPORTS = 24
CHECKPOINT_SECONDS = 5.0
VALIDATION_SHARE = 0.1
VALIDATION_PLACES = 200


class Text:
    """The text as numbers, its end kept apart to measure what was really learned."""

    def __init__(self, text, vocabulary=None):
        if len(text) < 2 * CONTEXT:
            raise SystemExit(f"The training text has {len(text)} characters; it needs at least {2 * CONTEXT}.")
        self.vocabulary = vocabulary or self.most_frequent(text)
        index = {character: i for i, character in enumerate(self.vocabulary)}
        unknown = index[UNKNOWN]
        numbers = [index[START]] * CONTEXT + [index.get(character, unknown) for character in text]
        self.numbers = numbers
        self.end = len(numbers) - max(1, int(len(text) * VALIDATION_SHARE))
        places = range(self.end, len(numbers))
        self.validation = list(places)[:: max(1, len(places) // VALIDATION_PLACES)]

    @staticmethod
    def most_frequent(text):
        counts = {START: 1}
        for character in text:
            counts[character] = counts.get(character, 0) + 1
        kept = sorted(counts, key=lambda c: (-counts[c], c))[: LARGEST_VOCABULARY - 1]
        return sorted(set(kept) | {START, UNKNOWN})

    def examples(self, places):
        """Contexts (places × CONTEXT) and the characters that follow them."""
        return [self.numbers[p - CONTEXT : p] for p in places], [self.numbers[p] for p in places]


class Adam:
    """Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015; their constants."""

    FIRST, SECOND, SMALL = 0.9, 0.999, 1e-8

    def __init__(self, maths, weights, moments=None):
        self.maths = maths
        self.moments = moments or {name: (maths.zeros_like(w), maths.zeros_like(w)) for name, w in weights.items()}

    def step(self, weights, gradients, rate, number):
        rate *= math.sqrt(1 - self.SECOND**number) / (1 - self.FIRST**number)
        for name, gradient in gradients.items():
            self.maths.adam(weights[name], gradient, *self.moments[name], rate, self.FIRST, self.SECOND, self.SMALL)


def new_weights(vocabulary, hidden, chance):
    """Normal numbers, scaled so that every layer begins with a variance near one."""

    def table(rows, columns, scale):
        return [[chance.gauss(0, scale) for _ in range(columns)] for _ in range(rows)]

    width = CONTEXT * EMBEDDING
    return {
        "embedding": table(vocabulary, EMBEDDING, 0.5),
        "hidden": table(width, hidden, 1 / math.sqrt(width)),
        "hiddenBias": [[0.0] * hidden],
        "output": table(hidden, vocabulary, 0.1 / math.sqrt(hidden)),
        "outputBias": [[0.0] * vocabulary],
    }


def save(path, content):
    """Whole or not at all: a run that is killed while it writes keeps what it had."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


class Run:
    """One training, begun anew or gone on with."""

    def __init__(self, options, text, checkpoint):
        self.options, self.checkpoint = options, checkpoint
        self.maths = tiny_lm_math.best(options.plain)
        self.chance = random.Random(options.seed)
        self.done, self.loss, self.stopping = 0, None, False
        state = self.load()
        self.text = Text(text, state and state["vocabulary"])
        weights = state["weights"] if state else new_weights(len(self.text.vocabulary), options.hidden, self.chance)
        self.weights = {name: self.maths.table(values) for name, values in weights.items()}
        moments = state and {name: tuple(self.maths.table(m) for m in pair) for name, pair in state["moments"].items()}
        self.adam = Adam(self.maths, self.weights, moments)
        if state:
            self.done, self.loss = state["step"], state["loss"]
            version, numbers, gauss = state["chance"]
            self.chance.setstate((version, tuple(numbers), gauss))

    def load(self):
        if not os.path.exists(self.checkpoint):
            return None
        with open(self.checkpoint, encoding="utf-8") as file:
            state = json.load(file)
        shape = (state["format"], state["hidden"], state["seed"])
        return state if shape == (FORMAT, self.options.hidden, self.options.seed) else None

    def keep(self):
        plain = self.maths.lists
        save(self.checkpoint, {
            "format": FORMAT, "hidden": self.options.hidden, "seed": self.options.seed, "step": self.done, "loss": self.loss,
            "vocabulary": self.text.vocabulary, "weights": {n: plain(w) for n, w in self.weights.items()},
            "moments": {n: [plain(m) for m in pair] for n, pair in self.adam.moments.items()}, "chance": self.chance.getstate(),
        })

    def go(self):
        steps = self.options.steps
        every = max(1, steps // REPORTS)
        pieces_reported = steps - self.done < FEWEST_REPORTS
        saved = time.monotonic()
        while self.done < steps and not self.stopping:
            loss = self.learn(pieces_reported)
            self.loss = loss if self.loss is None else 0.9 * self.loss + 0.1 * loss
            self.done += 1
            if not pieces_reported and (self.done % every == 0 or self.done == steps):
                last = self.done == steps or self.done % (every * 10) == 0
                validation = f" validation_loss={self.validate():.4f}" if last else ""
                print(f"::metric loss={self.loss:.4f}{validation} step={self.done}", flush=True)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self.keep()
                saved = time.monotonic()
            if self.options.pause:
                time.sleep(self.options.pause)
        self.keep()
        return self.done == steps

    def learn(self, report):
        places = [self.chance.randrange(CONTEXT, self.text.end) for _ in range(BATCH)]
        total, gradients = 0.0, None
        for at in range(0, BATCH, PIECE):
            contexts, targets = self.text.examples(places[at : at + PIECE])
            loss, piece = tiny_lm_math.gradients(self.maths, self.weights, contexts, targets)
            gradients = piece if gradients is None else self.maths.add(gradients, piece)
            total += loss
            if report:
                print(f"::metric loss={loss:.4f} step={self.done + 1}", flush=True)
        pieces = BATCH // PIECE
        self.adam.step(self.weights, self.maths.scaled(gradients, 1 / pieces), self.options.rate, self.done + 1)
        return total / pieces

    def validate(self):
        contexts, targets = self.text.examples(self.text.validation)
        return tiny_lm_math.loss(self.maths, self.weights, contexts, targets)

    def model(self):
        return {
            "format": FORMAT, "contextWindow": CONTEXT, "vocabulary": self.text.vocabulary, "start": START, "unknown": UNKNOWN,
            "weights": {n: self.maths.lists(w) for n, w in self.weights.items()},
            "training": {"steps": self.done, "loss": self.loss, "validationLoss": self.validate(), "characters": len(self.text.numbers) - CONTEXT},
        }


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--steps", type=int, required=True)
    arguments.add_argument("--hidden", type=int, default=48)
    arguments.add_argument("--rate", type=float, default=0.01)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--pause", type=float, default=0.0, help="seconds after each step, to watch")
    arguments.add_argument("--plain", action="store_true", help="without numpy, even where it is installed")
    options = arguments.parse_args()

    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "text.txt"), encoding="utf-8", newline="") as file:
        text = file.read()
    if not text:
        with open(os.path.join(here, "corpus.txt"), encoding="utf-8") as file:
            text = file.read()
    run = Run(options, text, os.path.join(os.environ["PORTAL_CHECKPOINT_DIR"], "tiny-lm.json"))
    # The portal's warning before a stop: end this step, keep it, and go.
    signal.signal(signal.SIGTERM, lambda *_: setattr(run, "stopping", True))
    begin = f"resumes at step {run.done}" if run.done else "begins"
    print(f"{begin.capitalize()}: {len(text):,} characters, {len(run.text.vocabulary)} different; {options.steps} steps with {run.maths.name}.", flush=True)
    if not run.go():
        print(f"Stopped at step {run.done}; the next start goes on from here.", flush=True)
        return
    model = run.model()
    save(os.path.join(os.environ["PORTAL_ARTIFACT_DIR"], "model.json"), model)
    os.remove(run.checkpoint)  # finished: a restart begins anew
    print(f"Done: model.json, validation loss {model['training']['validationLoss']:.4f}.", flush=True)


if __name__ == "__main__":
    main()
