using PipeServer.Load;
using PipeServer.Perf;

namespace PipeServer.Tests.Perf;

/// <summary>What the load harness reads from the programs that it runs.</summary>
public sealed class LoadFiguresTests
{
    private const string WrkOutput = """
        Running 3s test @ http://127.0.0.1:7395/plaintext
          1 threads and 64 connections
          Thread Stats   Avg      Stdev     Max   +/- Stdev
            Latency     1.10ms    2.00ms  22.27ms   91.65%
            Req/Sec    59.61k    10.16k   78.60k    66.67%
          Latency Distribution
             50%  612.00us
             75%    1.10ms
             90%    2.66ms
             99%    1.02s
          177140 requests in 3.00s, 41.73MB read
        Requests/sec:  58993.25
        Transfer/sec:     13.90MB
        """;

    [Fact]
    public void Wrk_is_read()
    {
        var (figures, fault) = Wrk.Parse(WrkOutput);
        Assert.Equal(new LoadFigures(177_140, 58_993.25, 0.612, 1020, Errors: false), figures);
        Assert.Null(fault);
    }

    [Theory]
    [InlineData("Socket errors: connect 0, read 3, write 0, timeout 1", false, true)]
    [InlineData("Socket errors: connect 0, read 3, write 0, timeout 1", true, true)]
    [InlineData("Non-2xx or 3xx responses: 177140", false, true)]
    [InlineData("Non-2xx or 3xx responses: 177140", true, false)]
    public void Errors_are_told_but_for_404s_that_were_asked_for(string line, bool isRefused, bool isFault)
    {
        var (figures, fault) = Wrk.Parse($"{WrkOutput}\n  {line}\n", isRefused);
        Assert.Equal(isFault, figures.Errors);
        Assert.Equal(isFault ? line : null, fault);
    }

    [Theory]
    [InlineData("h2c", 0, 0, false)]
    [InlineData("h2", 0, 0, false)]
    [InlineData("h2", 3, 0, true)]
    [InlineData("h2", 0, 7, true)]
    public void H2load_is_read(string protocol, int failed, int refused, bool isFault)
    {
        var (figures, fault) = H2Load.Parse(H2LoadOutput(protocol, failed, refused));
        Assert.Equal(new LoadFigures(2000 - failed, 33_945.27, P50: null, P99: null, isFault), figures);
        Assert.Equal(isFault, fault is not null);
    }

    // Without ALPN, or from a server that does not speak it, it would measure HTTP/1.1.
    [Fact]
    public void H2load_by_another_protocol_is_no_figure() => Assert.Throws<MeasurementException>(() => H2Load.Parse(H2LoadOutput("http/1.1", 0, 0)));

    [Fact]
    public void Short_connections_are_read() => Assert.Equal(
        new LoadFigures(34_240, 34_240 / 2.0, 3.163, 10.483, Errors: false), ShortConnections.Parse("34240 2.000000 3163 10483 0\n"));

    [Theory]
    [InlineData("0 1.001649 0 0 11573\n", true)]
    [InlineData("10 1.0 1 1 0\n", false)]
    public void Connections_without_whole_answers_are_errors(string output, bool isError) => Assert.Equal(isError, ShortConnections.Parse(output).Errors);

    [Theory]
    [InlineData("")]
    [InlineData("connect: Cannot assign requested address\n")]
    [InlineData("1 2 3 4\n")]
    public void Anything_else_is_no_figure(string output)
    {
        Assert.Throws<MeasurementException>(() => ShortConnections.Parse(output));
        Assert.Throws<MeasurementException>(() => Wrk.Parse(output));
        Assert.Throws<MeasurementException>(() => H2Load.Parse(output));
        Assert.Throws<MeasurementException>(() => FirstAnswer.Parse(output));
    }

    [Fact]
    public void A_start_is_read() => Assert.Equal(new FirstAnswer(8.96, 11524, 9614), FirstAnswer.Parse("8.96 11524 9614\n"));

    [Fact]
    public void Straces_summary_is_read_with_and_without_errors()
    {
        var calls = SystemCallTable.Parse(
            """
            % time     seconds  usecs/call     calls    errors syscall
            ------ ----------- ----------- --------- --------- ----------------
             60.95    0.464623        1919       242        34 futex
              3.93    0.029946           7      4000           recvfrom
              2.08    0.015871           7      2032        32 accept4
            ------ ----------- ----------- --------- --------- ----------------
            100.00    0.762317          43     17389        68 total
            """.Split('\n'));
        Assert.Equal([("recvfrom", 4000L), ("accept4", 2032L), ("futex", 242L)], calls);
    }

    [Theory]
    [InlineData("0", new[] { 0 })]
    [InlineData("0-3,8,10-11", new[] { 0, 1, 2, 3, 8, 10, 11 })]
    public void A_list_of_cores_is_read(string list, int[] cores) => Assert.Equal(cores, Placement.Cores(list));

    private static string H2LoadOutput(string protocol, int failed, int refused) => $"""
        starting benchmark...
        spawning thread #0: 64 total client(s). 2000 total requests
        Application protocol: {protocol}
        progress: 100% done

        finished in 58.92ms, 33945.27 req/s, 4.42MB/s
        requests: 2000 total, 2000 started, 2000 done, {2000 - failed} succeeded, {failed} failed, 0 errored, 0 timeout
        status codes: {2000 - failed - refused} 2xx, 0 3xx, {refused} 4xx, 0 5xx
        traffic: 266.64KB (273036) total, 140.62KB (144000) headers (space savings 52.00%), 25.39KB (26000) data
                             min         max         mean         sd        +/- sd
        time for request:      236us     56.63ms     37.21ms     13.27ms    67.50%
        """;
}
