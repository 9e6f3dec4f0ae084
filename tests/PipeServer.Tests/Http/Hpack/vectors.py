"""Writes vectors.txt: what python3-hpack makes of RFC 7541. Run it again only to add to it: /usr/bin/python3 vectors.py > vectors.txt

huffman SYMBOL CODE BITS     the code of a symbol; 256 is the end of a string
static INDEX NAME<tab>VALUE  a row of the static table
connection                   a new encoder
block HEX                    a block of it, and its fields behind it, one a line: NAME<tab>VALUE
"""
import random
import hpack
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.table import HeaderTable

random.seed(7541)
for symbol, (code, bits) in enumerate(zip(REQUEST_CODES, REQUEST_CODES_LENGTH)):
    print('huffman', symbol, format(code, 'x'), bits)
for index, (name, value) in enumerate(HeaderTable.STATIC_TABLE, 1):
    print('static', index, name.decode() + '\t' + value.decode())

NAMES = [name.decode() for name, _ in HeaderTable.STATIC_TABLE] + ['x-%d' % number for number in range(30)] + ['x' * 200]
VISIBLE = [chr(code) for code in range(33, 127)]
LOWER = 'etaoinshrdlucmfwypvbgkjqxz0123456789/-.= '


def value():
    kind = random.randrange(5)
    if kind == 0:
        return ''
    if kind == 1:
        return ''.join(random.choice(VISIBLE) for _ in range(random.randrange(1, 40)))
    if kind == 2:
        return 'v%d' % random.randrange(40)
    return ''.join(random.choice(LOWER) for _ in range(random.choice([3, 12, 60, 150, 150, 400]))).strip()


for connection in range(12):
    print('connection')
    encoder = hpack.Encoder()
    for block in range(10):
        if random.randrange(6) == 0:
            encoder.header_table_size = random.choice([0, 64, 300, 1000, 4096])
        fields = []
        for _ in range(random.randrange(1, 9)):
            if random.randrange(3) == 0:
                name, text = random.choice(HeaderTable.STATIC_TABLE)
                name, text = name.decode(), text.decode()
            else:
                name, text = random.choice(NAMES), value()
            fields.append((name, text, random.randrange(8) == 0))
        data = encoder.encode([hpack.NeverIndexedHeaderTuple(n, v) if never else hpack.HeaderTuple(n, v) for n, v, never in fields],
                              huffman=random.randrange(3) > 0)
        print('block', data.hex())
        for name, text, _ in fields:
            print(name + '\t' + text)
