using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Routing;

namespace PipeServer.Server;

/// <summary>
/// What the server answers in a handler's place: to a request that is refused, that no route has, or whose handler has failed. Each writes the response,
/// which <see cref="RequestPipeline"/> ends.
/// </summary>
internal sealed class ServerAnswers(ServerContext server)
{
    private readonly ErrorAnswers _errors = server.ErrorAnswers;

    /// <summary>Answers by the table of errors, and counts it as refused.</summary>
    public void WriteRefusal(Exchange exchange, RequestError error)
    {
        exchange.Refusal = error;
        server.RefusalCounts.Count(error);
        server.Refusals.Write(
            exchange, static exchange => exchange.RemoteEndPoint, RequestErrors.Status(error), RequestErrors.Text(error));
        Log.RequestRejected(server.Logger, exchange.Connection.Id, RequestErrors.Status(error), RequestErrors.Text(error));
        exchange.RestartResponse();
        exchange.Response.CloseConnection = RequestErrors.ClosesConnection(error);
        _errors.Write(exchange, error, error == RequestError.TooManyRequests ? exchange.RetryAfterSeconds : 1);
    }

    /// <summary>Answers as the route table has said: <see cref="Exchange.Outcome"/>.</summary>
    public void WriteWithoutHandler(Exchange exchange)
    {
        var response = exchange.Response;
        if (exchange.Allow is not null)
        {
            response.Headers["Allow"] = exchange.Allow;
        }

        switch (exchange.Outcome)
        {
            case RouteOutcome.Options:
                response.StatusCode = 204;
                break;
            case RouteOutcome.NotFound:
                _errors.Write(exchange, RequestError.NotFound);
                break;
            case RouteOutcome.MethodNotAllowed:
                _errors.Write(exchange, RequestError.MethodNotAllowed);
                break;
            default:
                _errors.Write(exchange, RequestError.UnknownMethod);
                break;
        }
    }

    /// <summary>Answers a request whose handler has failed.</summary>
    /// <returns>False where the response has begun.</returns>
    public bool TryWriteFault(Exchange exchange, Exception fault)
    {
        var bad = fault as BadHttpRequestException;
        if (exchange.Writer.HasStarted)
        {
            if (bad is not null)
            {
                Log.ConnectionAborted(server.Logger, exchange.Connection.Id, bad.Message);
            }
            else
            {
                Log.HandlerFaulted(server.Logger, exchange.ToString(), "the response had begun, so the connection is aborted", fault);
            }

            return false;
        }

        if (bad is { Error: RequestError.None })
        {
            WriteUnfit(exchange, bad);
            return true;
        }

        if (bad is not null)
        {
            // The input may be somewhere inside a body now.
            if (exchange.Head.Framing.HasBody || RequestErrors.ClosesConnection(bad.Error))
            {
                exchange.CloseAfterResponse();
            }

            WriteRefusal(exchange, bad.Error);
            return true;
        }

        Log.HandlerFaulted(server.Logger, exchange.ToString(), "answered 500", fault);
        WriteFault(exchange, fault);
        return true;
    }

    /// <summary>Answers 500.</summary>
    public void WriteFault(Exchange exchange, Exception fault)
    {
        (exchange.Fault, exchange.Refusal) = (fault, RequestError.None);
        exchange.RestartResponse();
        _errors.Write(exchange, RequestError.HandlerFault);
    }

    // The handler has found the request unfit: that is an answer like any other, and what is left of the body is discarded as always.
    private void WriteUnfit(Exchange exchange, BadHttpRequestException bad)
    {
        Log.RequestRejected(server.Logger, exchange.Connection.Id, bad.StatusCode, bad.Text);
        var closes = exchange.Response.CloseConnection;
        (exchange.Fault, exchange.Refusal) = (null, RequestError.None);
        exchange.RestartResponse();
        exchange.Response.CloseConnection = closes;
        ErrorAnswers.Write(exchange.Response, bad);
    }
}
