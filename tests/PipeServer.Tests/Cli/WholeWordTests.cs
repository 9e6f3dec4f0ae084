using PipeServer.Cli;

namespace PipeServer.Tests.Cli;

public sealed class WholeWordTests
{
    [Theory]
    [InlineData("Port must be small.", "--port must be small.")]
    [InlineData("Port, (Port) and Port", "--port, (--port) and --port")]
    [InlineData("Ports, MyPort, Port_ and _Port, Port2, éPort", "Ports, MyPort, Port_ and _Port, Port2, éPort")]
    [InlineData("PortPort Port", "PortPort --port")]
    [InlineData("port", "port")]
    [InlineData("", "")]
    public void Words_are_replaced_and_parts_of_words_are_not(string text, string expected) =>
        Assert.Equal(expected, WholeWord.Replace(text, "Port", "--port"));
}
