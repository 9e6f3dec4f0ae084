using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer.Telemetry;

/// <summary>
/// An activity for each request, by OpenTelemetry's conventions for HTTP servers: the child of the one that the client names by the process's
/// propagator (W3C Trace Context), and the current one while the handler runs. Without a listener there is none.
/// </summary>
internal static class RequestActivities
{
    private const string Outer = "pipeserver.outer";

    private static readonly ActivitySource Source = new(ServerTelemetry.Name, ServerTelemetry.Version);

    private static readonly DistributedContextPropagator.PropagatorGetterCallback Getter = ReadField;

    /// <summary>False in a program that is published without them, where nobody could listen.</summary>
    [FeatureSwitchDefinition("PipeServer.Activities.IsSupported")]
    public static bool IsSupported { get; } = !AppContext.TryGetSwitch("PipeServer.Activities.IsSupported", out var isSupported) || isSupported;

    /// <summary>Somebody listens.</summary>
    public static bool HasListeners => Source.HasListeners();

    /// <summary>Starts the request's activity, if a listener wants it.</summary>
    public static void Begin(Exchange exchange)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        // Whatever was current where the server was started is no parent of a client's request.
        var outer = Activity.Current;
        Activity.Current = null;
        var request = exchange.Request;
        var propagator = DistributedContextPropagator.Current;
        propagator.ExtractTraceIdAndState(request, Getter, out var parent, out var state);
        _ = ActivityContext.TryParse(parent, state, isRemote: true, out var context); // what is malformed is no context
        var method = RequestMethods.NameOrOther(exchange.Head.Method);
        var name = exchange.Head.Method == RequestMethod.Other ? "HTTP" : method;
        var activity = Source.CreateActivity(name, ActivityKind.Server, context, TagsOf(exchange, method), links: null, ActivityIdFormat.W3C);
        if (activity is null)
        {
            Activity.Current = outer;
            return;
        }

        foreach (var (key, value) in propagator.ExtractBaggage(request, Getter) ?? [])
        {
            activity.AddBaggage(key, value);
        }

        if (outer is not null)
        {
            activity.SetCustomProperty(Outer, outer);
        }

        exchange.Activity = activity;
        activity.Start();
    }

    /// <summary>Makes it the current one on this thread too.</summary>
    public static void Resume(Exchange exchange)
    {
        if (exchange.Activity is { } activity)
        {
            Activity.Current = activity;
        }
    }

    /// <summary>Stops it, with what has become of the request; what was current before is so again.</summary>
    public static void End(Exchange exchange, in RequestCompletion completion, string? errorType)
    {
        if (completion.Request is not { } request || exchange.Activity is not { } activity)
        {
            return;
        }

        exchange.Activity = null;
        if (activity.IsAllDataRequested)
        {
            if (request.Route is { } route)
            {
                activity.SetTag("http.route", route.Text);
                activity.DisplayName = $"{activity.OperationName} {route.Text}";
            }

            if (completion.StatusCode != 0)
            {
                activity.SetTag("http.response.status_code", completion.StatusCode);
            }

            if (errorType is not null)
            {
                activity.SetTag("error.type", errorType);
            }

            // A refusal of 4xx is the client's error.
            if (completion.StatusCode >= 500 || completion.Outcome is RequestOutcome.Faulted or RequestOutcome.Aborted)
            {
                activity.SetStatus(ActivityStatusCode.Error, completion.Reason);
            }
        }

        try
        {
            activity.Stop(); // tells listeners, who may throw
        }
        finally
        {
            Activity.Current = activity.GetCustomProperty(Outer) as Activity;
        }
    }

    // Known to samplers. The query stays out: it is where clients put secrets.
    private static List<KeyValuePair<string, object?>> TagsOf(Exchange exchange, string method)
    {
        var request = exchange.Request;
        var tags = new List<KeyValuePair<string, object?>>
        {
            new("http.request.method", method),
            new("url.scheme", request.Scheme),
            new("url.path", request.RawPath),
            new("network.protocol.version", RequestTags.NameOf(RequestTags.VersionOf(request))),
        };
        if (exchange.Head.Method == RequestMethod.Other)
        {
            tags.Add(new("http.request.method_original", request.Method));
        }

        if (request.Host is { Length: > 0 } host)
        {
            // The port is behind the last colon, unless that is inside of an IPv6 address.
            var colon = host.LastIndexOf(':');
            var port = 0;
            var hasPort = colon > host.LastIndexOf(']') && int.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port);
            tags.Add(new("server.address", hasPort ? host[..colon] : host.TrimEnd(':')));
            tags.Add(new("server.port", hasPort ? port : exchange.IsHttps ? 443 : 80));
        }

        if (request.RemoteEndPoint is IPEndPoint client)
        {
            tags.Add(new("client.address", client.Address.ToString()));
            tags.Add(new("client.port", client.Port));
        }

        if (request.Headers["User-Agent"] is { } agent)
        {
            tags.Add(new("user_agent.original", agent));
        }

        return tags;
    }

    // Several lines come as one value: a traceparent of two is none, and a tracestate is a list.
    private static void ReadField(object? carrier, string name, out string? value, out IEnumerable<string>? values)
    {
        values = null;
        ((HttpRequest)carrier!).Headers.TryGetValue(name, out value);
    }
}
