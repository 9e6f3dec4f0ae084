using Difference.Runner;

namespace Difference.Requests;

/// <summary>Controllers and Razor pages.</summary>
internal static class MvcRequests
{
    private const string Json = "application/json";

    private static readonly string[] Targets =
    [
        "/mvc/items", "/mvc/items?count=0", "/mvc/items?count=x", "/mvc/items?count=3000", "/mvc/items/7", "/mvc/items/700", "/mvc/items/x",
        "/mvc/items/redirect",
        "/mvc/items/local?to=/there", "/mvc/items/local?to=http://elsewhere.test", "/mvc/items/file", "/mvc/items/content", "/mvc/items/stream",
        "/mvc/items/fault", "/pages/hello", "/pages/hello/World", "/pages/hello/%3Cb%3E", "/pages/none",
    ];

    public static IEnumerable<DifferenceRequest> All => Targets.Select(static target => RequestTable.Get("mvc", target)).Concat(
    [
        RequestTable.Get("mvc XML is not there", "/mvc/items/7").With(("Accept", "application/xml")),
        RequestTable.Get("mvc part of a file", "/mvc/items/file").With(("Range", "bytes=10-19")),
        new DifferenceRequest("mvc post", "POST", "/mvc/items").WithText("{\"product\":\"tea\",\"amount\":3}", Json),
        new DifferenceRequest("mvc post bad", "POST", "/mvc/items").WithText("{\"product\":\"t\",\"amount\":300}", Json),
        new DifferenceRequest("mvc post broken", "POST", "/mvc/items").WithText("{", Json),
        new DifferenceRequest("mvc post of another type", "POST", "/mvc/items").WithText("<x/>", "application/xml"),
        new DifferenceRequest("mvc post nothing", "POST", "/mvc/items").WithText("", Json),
        new DifferenceRequest("mvc put", "PUT", "/mvc/items/3").WithText("{\"product\":\"tea\",\"amount\":3}", Json),
        new DifferenceRequest("mvc put conflict", "PUT", "/mvc/items/4").WithText("{\"product\":\"tea\",\"amount\":3}", Json),
        new("mvc delete", "DELETE", "/mvc/items/1"),
        new("mvc delete locked", "DELETE", "/mvc/items/2"),
        new("mvc method not allowed", "PATCH", "/mvc/items/2"),
        new("mvc head", "HEAD", "/mvc/items"),
        BindingRequests.Multipart("to mvc", "/mvc/items/upload", BindingRequests.Part("title", null, "a title") + BindingRequests.Part("file", "f.txt",
            "file")),
        BindingRequests.Multipart("to mvc without a file", "/mvc/items/upload", BindingRequests.Part("title", null, "a title")),
        new DifferenceRequest("mvc limited small", "POST", "/mvc/items/limited").WithText(new string('x', 100), "text/plain"),
        new DifferenceRequest("mvc limited large", "POST", "/mvc/items/limited").WithText(new string('x', 101), "text/plain"),
        new DifferenceRequest("mvc page post without a token", "POST", "/pages/hello").WithText("name=x", "application/x-www-form-urlencoded"),
        RequestTable.Get("mvc", "/openapi/v1.json"),
        RequestTable.Get("mvc", "/openapi/v2.json"),
    ]);
}
