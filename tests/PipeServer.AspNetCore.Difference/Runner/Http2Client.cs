using System.Net;

namespace Difference.Runner;

/// <summary>Sends a request over HTTP/2 and TLS, by the client of .NET.</summary>
internal static class Http2Client
{
    /// <summary>Every answer to the request, over a connection of its own; one that breaks off has status 0 or is incomplete.</summary>
    public static async Task<IReadOnlyList<Answer>> ExchangeAsync(IPEndPoint server, DifferenceRequest request, CancellationToken cancellationToken)
    {
        using var client = Create(server);
        var answers = new List<Answer>();
        for (var time = 0; time < request.Times; time++)
        {
            answers.Add(await SendAsync(client, request, cancellationToken));
        }

        return answers;
    }

    private static HttpClient Create(IPEndPoint server)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(server, cancellationToken);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, certificate, _, _) =>
            certificate?.GetCertHashString() == TestCertificate.Localhost.GetCertHashString();
        return new HttpClient(handler) { Timeout = RawClient.Patience };
    }

    private static HttpRequestMessage ToMessage(DifferenceRequest request)
    {
        // As it is: the client would resolve dots and escape what the test wants to see on the wire.
        var exact = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri($"https://{request.Host}{request.Target}", in exact))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Content = request switch
        {
            { Body: null } => null,
            { ChunkSize: > 0 } => new StreamContent(new UnsizedStream(request.Body)),
            _ => new ByteArrayContent(request.Body),
        };
        foreach (var (name, value) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content ??= new ByteArrayContent([]);
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return message;
    }

    private static IEnumerable<(string Name, string Value)> Lines(System.Net.Http.Headers.HttpHeaders headers) =>
        headers.NonValidated.SelectMany(static header => header.Value.Select(value => (header.Key.ToLowerInvariant(), value)));

    private static async Task<Answer> SendAsync(HttpClient client, DifferenceRequest request, CancellationToken cancellationToken)
    {
        using var message = ToMessage(request);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            return new Answer { IsComplete = false, Reason = e.HttpRequestError.ToString() };
        }

        using (response)
        {
            using var body = new MemoryStream();
            var isComplete = true;
            try
            {
                await response.Content.CopyToAsync(body, cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                isComplete = false;
            }

            return new Answer
            {
                Status = (int)response.StatusCode,
                Headers = [.. Lines(response.Headers), .. Lines(response.Content.Headers)],
                Body = body.ToArray(),
                Trailers = isComplete ? [.. Lines(response.TrailingHeaders)] : [],
                IsComplete = isComplete,
            };
        }
    }
}
