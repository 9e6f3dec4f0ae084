using System.Globalization;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer.Telemetry;

/// <summary>The values of <c>error.type</c>: few, and each made once.</summary>
internal static class ErrorTypes
{
    private const string ClientLeft = "client_left";
    private const string Aborted = "aborted"; // by its handler
    private const string BadRequest = "bad_request"; // a handler has found it unfit when its response had begun

    private static readonly string?[] ServerErrors = new string?[100]; // by status, from 500 on

    /// <summary>Why a request counts as failed; null where it does not: an answer of 4xx by a handler is one like any other.</summary>
    public static string? Of(Exchange exchange, in RequestCompletion completion) => completion.Outcome switch
    {
        RequestOutcome.Refused => RequestErrors.Name(exchange.Refusal),
        RequestOutcome.Faulted when completion.Exception?.GetType().FullName is { } type => type,
        RequestOutcome.Aborted when exchange.IsAborted => Aborted,
        RequestOutcome.Aborted => (exchange.Fault ?? exchange.Writer.Fault) is BadHttpRequestException bad
            ? bad.Error == RequestError.None ? BadRequest : RequestErrors.Name(bad.Error)
            : ClientLeft,
        RequestOutcome.Faulted when completion.StatusCode < 500 => RequestErrors.Name(RequestError.HandlerFault),
        _ when completion.StatusCode is >= 500 and < 600 => ServerErrors[completion.StatusCode - 500] ??=
            completion.StatusCode.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };
}
