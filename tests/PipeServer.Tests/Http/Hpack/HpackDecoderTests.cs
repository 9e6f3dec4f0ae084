using System.Text;
using PipeServer.Http;
using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>RFC 7541: the examples of its Appendix C, what python3-hpack has encoded, and all else against a decoder that goes bit by bit.</summary>
public sealed class HpackDecoderTests
{
    private static readonly RequestLimits Limits = new(8192, 32768, 100);

    // The blocks of each section in their order, with the fields and the size of the table behind each.
    public static readonly TheoryData<string, string[], string[], int[]> AppendixC = new()
    {
        { "C.2.1", ["400a637573746f6d2d6b65790d637573746f6d2d686561646572"], ["custom-key: custom-header"], [55] },
        { "C.2.2", ["040c2f73616d706c652f70617468"], [":path: /sample/path"], [0] },
        { "C.2.3", ["100870617373776f726406736563726574"], ["password: secret"], [0] },
        { "C.2.4", ["82"], [":method: GET"], [0] },
        {
            "C.3",
            [
                "828684410f7777772e6578616d706c652e636f6d",
                "828684be58086e6f2d6361636865",
                "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
            ],
            Requests,
            [57, 110, 164]
        },
        {
            "C.4",
            ["828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"],
            Requests,
            [57, 110, 164]
        },
        {
            "C.5",
            [
                "3fe1014803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54"
                    + "6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
                "4803333037c1c0bf",
                "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541"
                    + "585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
            ],
            Responses,
            [222, 222, 215]
        },
        {
            "C.6",
            [
                "3fe101488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
                "4883640effc1c0bf",
                "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587"
                    + "316065c003ed4ee5b1063d5007",
            ],
            Responses,
            [222, 222, 215]
        },
    };

    private static string[] Requests =>
    [
        ":method: GET|:scheme: http|:path: /|:authority: www.example.com",
        ":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache",
        ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value",
    ];

    private static string[] Responses =>
    [
        ":status: 302|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com",
        ":status: 307|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com",
        ":status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|location: https://www.example.com|content-encoding: gzip"
            + "|set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ];

    [Theory]
    [MemberData(nameof(AppendixC))]
    public void The_examples_of_the_standard(string section, string[] blocks, string[] fields, int[] sizes)
    {
        Assert.StartsWith("C.", section);
        var decoder = new HpackDecoder();
        for (var index = 0; index < blocks.Length; index++)
        {
            var decoded = CollectingSink.Decode(decoder, Convert.FromHexString(blocks[index]));
            Assert.Equal(fields[index], string.Join('|', decoded!.Select(static field => $"{field.Name}: {field.Value}")));
            Assert.Equal(sizes[index], decoder.TableSize);
        }
    }

    [Fact]
    public void What_another_implementation_has_encoded()
    {
        Assert.NotEmpty(HpackVectors.All.Connections);
        foreach (var connection in HpackVectors.All.Connections)
        {
            var decoder = new HpackDecoder();
            var skipping = new HpackDecoder();
            foreach (var (block, fields) in connection)
            {
                Assert.Equal(fields, CollectingSink.Decode(decoder, block));
                Assert.Equal(HeadStatus.Complete, skipping.Skip(block));
                Assert.Equal(decoder.TableSize, skipping.TableSize);
            }
        }
    }

    [Fact]
    public void A_decoder_that_is_reset_is_a_new_one()
    {
        var decoder = new HpackDecoder();
        foreach (var connection in HpackVectors.All.Connections)
        {
            foreach (var (block, fields) in connection)
            {
                Assert.Equal(fields, CollectingSink.Decode(decoder, block));
            }

            decoder.Reset();
            Assert.Equal(0, decoder.TableSize);
            Assert.Null(CollectingSink.Decode(decoder, [0xBE]));
            decoder.Reset();
        }
    }

    [Fact]
    public void The_static_table_is_that_of_the_standard()
    {
        Assert.Equal(StaticTable.Count, HpackVectors.All.Static.Count);
        for (var index = 1; index <= StaticTable.Count; index++)
        {
            Assert.Equal([HpackVectors.All.Static[index - 1]], CollectingSink.Decode(new HpackDecoder(), [(byte)(0x80 | index)]));
        }
    }

    // Never beyond the block, never an exception: what is cut off inside of a field is an error, and what is cut behind one is a shorter block.
    [Fact]
    public void Every_beginning_of_a_block_and_every_flipped_byte_is_what_the_reference_says()
    {
        foreach (var connection in HpackVectors.All.Connections.Take(4))
        {
            foreach (var (block, _) in connection.Where(static one => one.Block.Length < 400))
            {
                for (var length = 0; length <= block.Length; length++)
                {
                    AssertSame([block[..length]]);
                }

                for (var index = 0; index < block.Length; index++)
                {
                    foreach (byte change in (ReadOnlySpan<byte>)[0x01, 0x80, 0xFF, 0x40])
                    {
                        var changed = block.ToArray();
                        changed[index] ^= change;
                        AssertSame([changed, [0xBE, 0xBF]]);
                    }
                }
            }
        }
    }

    [Fact]
    public void Random_connections_are_what_the_reference_says()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var blocks = Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomBlock(random)).ToArray();
            AssertSame(blocks);
        }
    }

    [Theory]
    [InlineData("80")] // index 0
    [InlineData("FF FF FF FF FF 07")] // an index that no int has
    [InlineData("FF FF FF FF 7F")]
    [InlineData("FF 80 80 80 80 00")] // zeros without an end
    [InlineData("BE")] // 62, of an empty table
    [InlineData("7E 00")]
    [InlineData("0F 2F 00")] // a name of 62
    [InlineData("82 20")] // a size update behind a field
    [InlineData("20 20 20")] // a third one
    [InlineData("3F E2 1F")] // 4097
    [InlineData("3F E1 1F 3F E2 1F")]
    [InlineData("20 BE")]
    [InlineData("40")]
    [InlineData("40 01")]
    [InlineData("40 01 61")]
    [InlineData("40 01 61 02 61")]
    [InlineData("40 81 FF 00")] // padding alone
    [InlineData("44 81 00")]
    public void What_cannot_be_decoded_is_an_error_of_the_connection(string hex)
    {
        var block = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(HeadStatus.CompressionError, new HpackDecoder().Skip(block));
        Assert.Equal(HeadStatus.CompressionError, new HpackDecoder().DecodeTrailers(block, new HeaderFields(), Limits));
        var head = new RequestHead();
        Assert.Equal(HeadStatus.CompressionError, new HpackDecoder().DecodeRequest(block, head, endsStream: true, Limits));
        Assert.Equal("/", Encoding.ASCII.GetString(head.Path)); // it can be shown
        Assert.Equal("", Encoding.ASCII.GetString(head.TargetBytes));
        AssertSame([block]);
    }

    [Theory]
    [InlineData("")] // no field is no error of the compression
    [InlineData("20")]
    [InlineData("20 3F E1 1F")] // down and up again, to 4096
    [InlineData("3F E1 1F")]
    [InlineData("20 82")]
    public void What_can_be_decoded_is_none(string hex)
    {
        var block = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(HeadStatus.Complete, new HpackDecoder().Skip(block));
        AssertSame([block]);
    }

    // RFC 7541 §4.4: a name may lie in a field that makes room for the one that is added by it.
    [Fact]
    public void A_field_may_push_out_the_one_that_its_name_comes_from()
    {
        var value = new string('v', 3000);
        AssertSame([[.. Literal("x-first", value)], [.. Literal(0x7E, new string('w', 3000)), 0xBE], [0xBE], [0xBF]]);
    }

    [Fact]
    public void A_field_larger_than_the_table_empties_it() =>
        AssertSame([[.. Literal("x-first", "1"), 0xBE], [.. Literal("x-large", new string('v', 5000))], [0xBE]]);

    // Entries are moved to the start of the buffer when its end is reached, whatever their sizes.
    [Fact]
    public void The_table_goes_round_and_round()
    {
        var random = new Random(3);
        string Value() => new('v', random.Next(random.Next(2) == 0 ? 20 : 1500));
        AssertSame([.. Enumerable.Range(0, 2000).Select(count => (byte[])[.. Literal("x" + count, Value()), .. Literal("y", Value()), 0xBE, 0xBF])]);
    }

    private static void AssertSame(byte[][] blocks)
    {
        var decoder = new HpackDecoder();
        var reference = new HpackReference();
        var skipping = new HpackDecoder();
        foreach (var block in blocks)
        {
            var expected = reference.Decode(block);
            Assert.Equal(expected, CollectingSink.Decode(decoder, block));
            Assert.Equal(expected is null ? HeadStatus.CompressionError : HeadStatus.Complete, skipping.Skip(block));
            if (expected is null)
            {
                return; // the connection ends with it
            }

            Assert.Equal(reference.TableSize, decoder.TableSize);
        }
    }

    private static byte[] RandomBlock(Random random)
    {
        var block = new List<byte>();
        if (random.Next(6) == 0)
        {
            block.AddRange(random.Next(3) switch { 0 => [0x20], 1 => [0x3F, 0xE1, 0x1F], _ => (byte[])[0x3F, (byte)random.Next(128)] });
        }

        for (var count = random.Next(8); count > 0; count--)
        {
            var text = new string((char)random.Next(random.Next(5) == 0 ? 0 : 97, 123), random.Next(random.Next(6) == 0 ? 1200 : 20));
            switch (random.Next(5))
            {
                case 0:
                    block.Add((byte)(0x80 | random.Next(random.Next(8) == 0 ? 0 : 1, 70)));
                    break;
                case 1:
                    block.AddRange(Literal(0x40 | random.Next(1, 63), text));
                    break;
                case 2:
                    block.AddRange(Literal((random.Next(2) * 0x10) | random.Next(1, 15), text, isHuffman: true));
                    break;
                case 3:
                    block.AddRange(Literal("name" + random.Next(9), text));
                    break;
                default:
                    block.AddRange(Literal(0x40 | random.Next(1, 63), text, isHuffman: true));
                    break;
            }
        }

        if (random.Next(4) == 0 && block.Count > 0)
        {
            block[random.Next(block.Count)] = (byte)random.Next(256);
        }

        return [.. block];
    }

    private static byte[] Literal(string name, string value) => [0x40, .. Text(name), .. Text(value)];

    private static byte[] Literal(int first, string value, bool isHuffman = false) => [(byte)first, .. Text(value, isHuffman)];

    private static byte[] Text(string text, bool isHuffman = false)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        bytes = isHuffman ? HuffmanCodeTests.Encode(bytes) : bytes;
        var length = new byte[HpackInteger.MaxBytes];
        return [.. length[..HpackInteger.Write(length, isHuffman ? 0x80 : 0, 0x7F, bytes.Length)], .. bytes];
    }
}
