namespace PipeServer.Http;

/// <summary>Recognises the known methods. Methods are case-sensitive (RFC 9110 §9.1).</summary>
internal static class RequestMethods
{
    /// <summary>The names in the order of <see cref="RequestMethod"/>, <see cref="RequestMethod.Other"/> being empty.</summary>
    private static readonly string[] Names =
        ["", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

    /// <summary>How many values <see cref="RequestMethod"/> has.</summary>
    public const int Count = (int)RequestMethod.Patch + 1;

    /// <summary>The name; <c>_OTHER</c> for all that have none here, as OpenTelemetry calls them.</summary>
    public static string NameOrOther(RequestMethod method) => method == RequestMethod.Other ? "_OTHER" : Name(method);

    public static string Name(RequestMethod method) => Names[(int)method];

    public static RequestMethod Find(ReadOnlySpan<byte> token) => token.Length switch
    {
        3 => token.SequenceEqual("GET"u8) ? RequestMethod.Get
            : token.SequenceEqual("PUT"u8) ? RequestMethod.Put : RequestMethod.Other,
        4 => token.SequenceEqual("POST"u8) ? RequestMethod.Post
            : token.SequenceEqual("HEAD"u8) ? RequestMethod.Head : RequestMethod.Other,
        5 => token.SequenceEqual("PATCH"u8) ? RequestMethod.Patch
            : token.SequenceEqual("TRACE"u8) ? RequestMethod.Trace : RequestMethod.Other,
        6 => token.SequenceEqual("DELETE"u8) ? RequestMethod.Delete : RequestMethod.Other,
        7 => token.SequenceEqual("OPTIONS"u8) ? RequestMethod.Options
            : token.SequenceEqual("CONNECT"u8) ? RequestMethod.Connect : RequestMethod.Other,
        _ => RequestMethod.Other,
    };
}
