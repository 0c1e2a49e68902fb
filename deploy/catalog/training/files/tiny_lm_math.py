"""The sums of the tiny language model, on lists of lists or on numpy arrays. A table is a list of rows."""
import math
from operator import add, mul

try:
    import numpy
except ImportError:
    numpy = None


class Lists:
    """Plain Python."""

    name = "plain Python"

    table = staticmethod(lambda values: values)
    lists = staticmethod(lambda table: table)
    zeros_like = staticmethod(lambda table: [[0.0] * len(row) for row in table])

    @staticmethod
    def product(a, b):
        """a · b."""
        columns = list(zip(*b))
        return [[sum(map(mul, row, column)) for column in columns] for row in a]

    @staticmethod
    def transposed(a):
        return [list(column) for column in zip(*a)]

    @staticmethod
    def plus_row(a, row):
        return [list(map(add, values, row[0])) for values in a]

    @staticmethod
    def tanh(a):
        return [[math.tanh(x) for x in row] for row in a]

    @staticmethod
    def through_tanh(gradient, value):
        return [[g * (1 - v * v) for g, v in zip(gs, vs)] for gs, vs in zip(gradient, value)]

    @staticmethod
    def row_sums(a):
        """One row: the sum of each column."""
        return [[sum(column) for column in zip(*a)]]

    @staticmethod
    def looked_up(embedding, contexts):
        return [[number for i in context for number in embedding[i]] for context in contexts]

    @staticmethod
    def scattered(gradient, contexts, embedding):
        """The gradient of the embedding: what reached each place of a context, added up by character."""
        width = len(embedding[0])
        result = [[0.0] * width for _ in embedding]
        for row, context in zip(gradient, contexts):
            for place, i in enumerate(context):
                result[i] = list(map(add, result[i], row[place * width : (place + 1) * width]))
        return result

    @staticmethod
    def softmax(scores):
        result = []
        for row in scores:
            top = max(row)
            powers = [math.exp(x - top) for x in row]
            total = sum(powers)
            result.append([x / total for x in powers])
        return result

    @staticmethod
    def cross_entropy(chances, targets):
        """Mean loss, and its gradient by the scores."""
        count = len(targets)
        loss = -sum(math.log(max(row[t], 1e-12)) for row, t in zip(chances, targets)) / count
        gradient = [[x / count for x in row] for row in chances]
        for row, target in zip(gradient, targets):
            row[target] -= 1 / count
        return loss, gradient

    @staticmethod
    def add(a, b):
        return {name: [list(map(add, x, y)) for x, y in zip(a[name], b[name])] for name in a}

    @staticmethod
    def scaled(gradients, factor):
        return {name: [[x * factor for x in row] for row in table] for name, table in gradients.items()}

    @staticmethod
    def adam(weights, gradient, mean, square, rate, first, second, small):
        for w, g, m, s in zip(weights, gradient, mean, square):
            for i, x in enumerate(g):
                m[i] = first * m[i] + (1 - first) * x
                s[i] = second * s[i] + (1 - second) * x * x
                w[i] -= rate * m[i] / (math.sqrt(s[i]) + small)


class Arrays:
    """numpy."""

    name = "numpy"

    table = staticmethod(lambda values: numpy.array(values, dtype=float))
    lists = staticmethod(lambda table: table.tolist())
    zeros_like = staticmethod(lambda table: numpy.zeros_like(table))
    product = staticmethod(lambda a, b: a @ b)
    transposed = staticmethod(lambda a: a.T)
    plus_row = staticmethod(lambda a, row: a + row)
    tanh = staticmethod(lambda a: numpy.tanh(a))
    through_tanh = staticmethod(lambda gradient, value: gradient * (1 - value * value))
    row_sums = staticmethod(lambda a: a.sum(axis=0, keepdims=True))
    looked_up = staticmethod(lambda embedding, contexts: embedding[numpy.array(contexts)].reshape(len(contexts), -1))

    @staticmethod
    def scattered(gradient, contexts, embedding):
        result = numpy.zeros_like(embedding)
        numpy.add.at(result, numpy.array(contexts).ravel(), gradient.reshape(-1, embedding.shape[1]))
        return result

    @staticmethod
    def softmax(scores):
        powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    @staticmethod
    def cross_entropy(chances, targets):
        rows = numpy.arange(len(targets))
        loss = float(-numpy.log(numpy.maximum(chances[rows, targets], 1e-12)).mean())
        gradient = chances / len(targets)
        gradient[rows, targets] -= 1 / len(targets)
        return loss, gradient

    add = staticmethod(lambda a, b: {name: a[name] + b[name] for name in a})
    scaled = staticmethod(lambda gradients, factor: {name: table * factor for name, table in gradients.items()})

    @staticmethod
    def adam(weights, gradient, mean, square, rate, first, second, small):
        mean *= first
        mean += (1 - first) * gradient
        square *= second
        square += (1 - second) * gradient * gradient
        weights -= rate * mean / (numpy.sqrt(square) + small)


def best(plain=False):
    """numpy where it is installed."""
    return Lists if plain or numpy is None else Arrays


def forward(m, weights, contexts):
    """What each layer says: the looked-up contexts, the hidden layer, the chances of each next character."""
    seen = m.looked_up(weights["embedding"], contexts)
    hidden = m.tanh(m.plus_row(m.product(seen, weights["hidden"]), weights["hiddenBias"]))
    return seen, hidden, m.softmax(m.plus_row(m.product(hidden, weights["output"]), weights["outputBias"]))


def loss(m, weights, contexts, targets):
    return m.cross_entropy(forward(m, weights, contexts)[2], targets)[0]


def gradients(m, weights, contexts, targets):
    """Mean cross-entropy (nats a character) and its gradient by every weight, by back-propagation."""
    seen, hidden, chances = forward(m, weights, contexts)
    value, by_score = m.cross_entropy(chances, targets)
    by_hidden = m.through_tanh(m.product(by_score, m.transposed(weights["output"])), hidden)
    by_seen = m.product(by_hidden, m.transposed(weights["hidden"]))
    return value, {
        "embedding": m.scattered(by_seen, contexts, weights["embedding"]),
        "hidden": m.product(m.transposed(seen), by_hidden),
        "hiddenBias": m.row_sums(by_hidden),
        "output": m.product(m.transposed(hidden), by_score),
        "outputBias": m.row_sums(by_score),
    }
