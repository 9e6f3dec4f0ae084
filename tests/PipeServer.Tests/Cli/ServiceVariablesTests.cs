using PipeServer.Cli;

namespace PipeServer.Tests.Cli;

public sealed class ServiceVariablesTests
{
    [Theory]
    [InlineData("PIPESERVER_SERVICE_HOST")]
    [InlineData("PIPESERVER_BLUE_SERVICE_PORT")]
    [InlineData("PIPESERVER_SERVICE_PORT_HTTP")]
    [InlineData("PIPESERVER_SERVICE_PORT_HTTP_8080")]
    [InlineData("PIPESERVER_service_SERVICE_PORT_A")]
    [InlineData("PIPESERVER_SERVICE_PORT_a_SERVICE_PORT_A")]
    [InlineData("PIPESERVER_PORT_80_TCP")]
    [InlineData("PIPESERVER_PORT_8080_UDP_PROTO")]
    [InlineData("PIPESERVER_PORT_1_SCTP_PORT")]
    [InlineData("PIPESERVER_PORT_80_TCP_ADDR")]
    public void What_Kubernetes_sets_is_known_by_its_form(string name) => Assert.True(ServiceVariables.IsOne(name));

    [Theory]
    [InlineData("PIPESERVER_PORT")]
    [InlineData("PIPESERVER_SERVICE_PORT_")]
    [InlineData("PIPESERVER_SERVICE_PORT_http")]
    [InlineData("PIPESERVER_SERVICE_HOSTS")]
    [InlineData("PIPESERVER_PORT__TCP")]
    [InlineData("PIPESERVER_PORT_80_ICMP")]
    [InlineData("PIPESERVER_PORT_80_TCP_OTHER")]
    [InlineData("PIPESERVER_80_TCP")]
    [InlineData("PIPESERVER_QUEUE_CAPACITY")]
    public void What_an_option_may_be_misspelt_as_is_not(string name) => Assert.False(ServiceVariables.IsOne(name));
}
