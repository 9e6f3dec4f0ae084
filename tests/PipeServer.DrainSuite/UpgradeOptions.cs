namespace PipeServer.DrainSuite;

/// <summary>What is upgraded, how often, and under which clients.</summary>
/// <param name="Program">The file of the program <c>pipeserver</c> that can be started by itself; it is run by a link to it, which leads elsewhere at times.</param>
/// <param name="Certificate">A file with a certificate and its key.</param>
/// <param name="Upgrades">How many are to work.</param>
/// <param name="WithFaults">Between them one to a program that ends at once, and one to a program that never says anything.</param>
/// <param name="KeepAlive">Clients that go on on one connection.</param>
/// <param name="OneRequestEach">Clients with a connection for each request.</param>
/// <param name="Tls">Clients over TLS, on one connection.</param>
/// <param name="Http2">Clients over HTTP/2, in clear text.</param>
/// <param name="WebSockets">WebSocket clients.</param>
/// <param name="Seed">Where the random numbers start.</param>
internal sealed record UpgradeOptions(
    string Program,
    string Certificate,
    int Upgrades,
    bool WithFaults,
    int KeepAlive = 200,
    int OneRequestEach = 64,
    int Tls = 20,
    int Http2 = 20,
    int WebSockets = 20,
    int Seed = 1);
