using System.Text;

namespace PipeServer.Tests.Http;

/// <summary>
/// A short run of the fuzzer, and every finding of a longer one. By hand:
/// <c>dotnet run --project tests/PipeServer.Fuzz -c Release -- --seconds 600</c>.
/// </summary>
public sealed class FuzzTests
{
    public static TheoryData<string> Findings => [.. Corpus.Files.Select(static file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Findings))]
    public void What_was_found_once_is_read_as_the_reference_reads_it(string file)
    {
        var input = File.ReadAllBytes(Path.Combine(Corpus.Folder, file));
        for (var split = 0; split <= input.Length; split++)
        {
            Assert.Null(ParserCheck.Find(input, split));
        }
    }

    [Theory]
    [MemberData(nameof(Findings))]
    public async Task What_was_found_once_is_answered_as_it_should_be(string file)
    {
        var input = File.ReadAllBytes(Path.Combine(Corpus.Folder, file));
        foreach (var transport in new[] { "memory", "sockets", "epoll" })
        {
            await using var server = await ServerCheck.StartAsync(transport);
            for (var split = 0; split <= input.Length; split++)
            {
                Assert.Null(await server.FindAsync(input, split));
            }
        }
    }

    [Fact]
    public void The_reference_and_the_parser_agree_on_a_million_mutants()
    {
        var random = new Random(20261121);
        var mutator = new Mutator(random, Corpus.Seeds());
        for (var i = 0; i < 1_000_000; i++)
        {
            var input = mutator.Next();
            var problem = ParserCheck.Find(input, random.Next(input.Length + 1));
            Assert.True(problem is null, problem + "\n" + ParserCheck.Escape(Encoding.Latin1.GetString(input)));
        }
    }

    // Never an exception, a hang, a 500, or a request too many or too few.
    [Theory]
    [InlineData("memory")]
    [InlineData("sockets")]
    [InlineData("epoll")]
    public async Task Streams_of_mutants_are_answered_as_the_reference_reads_them(string transport)
    {
        var random = new Random(20261122);
        var mutator = new Mutator(random, Corpus.Seeds());
        await using var server = await ServerCheck.StartAsync(transport);
        for (var i = 0; i < 3000; i++)
        {
            byte[] input = [.. mutator.Next(), .. mutator.Next(), .. Encoding.ASCII.GetBytes(TestClient.Get("/marker"))];
            var problem = await server.FindAsync(input, random.Next(input.Length + 1));
            Assert.True(problem is null, problem + "\n" + ParserCheck.Escape(Encoding.Latin1.GetString(input)));
        }
    }

    // The oracle itself: what the table says, it says too.
    [Fact]
    public void The_reference_agrees_with_the_table()
    {
        foreach (var item in ProtocolCases.All)
        {
            var request = ReferenceParser.Parse(item.Bytes);
            Assert.True(
                item.IsRefusedHead == (request.Outcome == ReferenceOutcome.Refused) || item.Bytes.StartsWith("PRI "),
                $"{item.Id}: {request.Outcome}");
            if (!item.IsRefusedHead && item.Status == 200)
            {
                Assert.True(request is { BodyOutcome: ReferenceOutcome.Complete, OwnStatus: 0 }, item.Id);
                Assert.Equal(item.Closes, !request.KeepAlive);
            }
        }
    }
}
