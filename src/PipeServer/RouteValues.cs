using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Unicode;
using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// What the parameters of the route's pattern matched, percent-decoded: <c>{name}</c> of <c>/hello/{name}</c>. Bytes that are not UTF-8 stay
/// encoded.
/// </summary>
public sealed class RouteValues
{
    private readonly HttpRequest _request;
    private readonly RequestHead _head;

    internal RouteValues(HttpRequest request, RequestHead head) => (_request, _head) = (request, head);

    /// <summary>How many parameters the route has.</summary>
    public int Count => _request.Route?.Parameters.Count ?? 0;

    /// <summary>The value of a parameter.</summary>
    /// <exception cref="KeyNotFoundException">The route has no such parameter.</exception>
    public string this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            var pattern = _request.Route;
            var index = pattern?.IndexOfParameter(name) ?? -1;
            if (index < 0)
            {
                throw new KeyNotFoundException(
                    $"The route {pattern?.Text ?? "of this request"} has no parameter {{{name}}}.");
            }

            return RequestPath.ToText(pattern!.Value(index, _head.Path), slash: "/");
        }
    }

    /// <summary>The value of a parameter as another type. False when the route has no such parameter, or its value is not one of the type.</summary>
    /// <remarks>
    /// The type's own <c>TryParse</c> decides, in the invariant culture: see <see cref="QueryCollection.TryGet"/> for what that means. No string is made of a
    /// value that is UTF-8.
    /// </remarks>
    public bool TryGet<T>(string name, [MaybeNullWhen(false)] out T value)
        where T : ISpanParsable<T>
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_request.Route is not { } pattern || pattern.IndexOfParameter(name) is not (>= 0 and var index))
        {
            value = default;
            return false;
        }

        var bytes = pattern.Value(index, _head.Path);
        return Utf8.IsValid(bytes) && !bytes.Contains(RequestTarget.EncodedSlash)
            ? TypedText.TryParse(bytes, out value)
            : T.TryParse(RequestPath.ToText(bytes, slash: "/"), CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The value of a parameter as another type.</summary>
    /// <inheritdoc cref="TryGet" path="/remarks"/>
    /// <exception cref="BadHttpRequestException">
    /// The value is not one of the type. A handler that lets it pass has its client answered 400, with the name of the parameter.
    /// </exception>
    /// <exception cref="KeyNotFoundException">The route has no such parameter.</exception>
    public T Get<T>(string name)
        where T : ISpanParsable<T>
    {
        if (TryGet<T>(name, out var value))
        {
            return value;
        }

        _ = this[name];
        throw new BadHttpRequestException($"The part '{name}' of the path is malformed.");
    }
}
