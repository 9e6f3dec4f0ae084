using System.Text;
using Difference.Application;
using Difference.Runner;

namespace Difference.Requests;

/// <summary>What minimal APIs bind, and refuse.</summary>
internal static class BindingRequests
{
    private const string Json = "application/json";

    private static readonly string[] Targets =
    [
        "/bind/int/5", "/bind/int/x", "/bind/int/99999999999", "/bind/int/-3", "/bind/long/12", "/bind/long/x", "/bind/long/%31",
        "/bind/guid/6f9619ff-8b86-d011-b42d-00cf4fc964ff", "/bind/guid/no", "/bind/short/abc", "/bind/short/abcde", "/bind/word/abc/d/e/f", "/bind/word/ab1",
        "/bind/query?number=1", "/bind/query", "/bind/query?number=x", "/bind/query?number=1&text=%C3%A4&list=1&list=2", "/bind/query?number=1&list=x",
        "/bind/default", "/bind/default?size=3&day=2026-01-02", "/bind/default?day=soon", "/bind/header", "/bind/checked?number=5", "/bind/checked?number=50",
    ];

    public static IEnumerable<DifferenceRequest> All => Targets.Select(static target => RequestTable.Get("bind", target)).Concat(
    [
        RequestTable.Get("bind header", "/bind/header").With(("X-Number", "5"), ("X-Texts", "a"), ("X-Texts", "b")),
        RequestTable.Get("bind header wrong", "/bind/header").With(("X-Number", "five")),
        Post("JSON", "/bind/body").WithText("{\"product\":\"tea\",\"amount\":3,\"notes\":[\"a\"]}", Json),
        Post("JSON in UTF-16", "/bind/body").With(("Content-Type", "application/json; charset=utf-16"))
            with { Body = Encoding.Unicode.GetBytes("{\"product\":\"tea\"}") },
        Post("JSON in chunks", "/bind/body").WithText("{\"product\":\"tea\",\"amount\":3}", Json) with { ChunkSize = 5 },
        Post("JSON broken", "/bind/body").WithText("{\"product\":", Json),
        Post("JSON of another type", "/bind/body").WithText("{\"product\":5}", Json),
        Post("JSON null", "/bind/body").WithText("null", Json),
        Post("JSON empty", "/bind/body").WithText("", Json),
        Post("JSON as text", "/bind/body").WithText("{}", "text/plain"),
        Post("JSON without a type", "/bind/body") with { Body = "{}"u8.ToArray() },
        Post("JSON vendor type", "/bind/body").WithText("{\"product\":\"tea\"}", "application/vnd.own+json"),
        Post("JSON large", "/bind/body").WithText($"{{\"product\":\"tea\",\"notes\":[\"{new string('n', 200_000)}\"]}}", Json),
        Post("JSON beyond the limit", "/bind/limits-of-nothing").WithText("{}", Json),
        Post("JSON put", "/bind/body/7").WithText("{\"product\":\"tea\"}", Json) with { Method = "PUT" },
        Post("optional none", "/bind/optional") with { Body = [] },
        Post("optional one", "/bind/optional").WithText("{\"product\":\"tea\"}", Json),
        Post("checked good", "/bind/checked").WithText("{\"product\":\"tea\",\"amount\":3}", Json),
        Post("checked bad", "/bind/checked").WithText("{\"product\":\"t\",\"amount\":300}", Json),
        Post("text", "/bind/text").WithText("täxt", "text/plain; charset=utf-8"),
        Post("text in chunks", "/bind/text").WithText(new string('t', 10_000), "text/plain") with { ChunkSize = 1000 },
        Post("stream", "/bind/stream").WithText(new string('s', 100_000), "application/octet-stream"),
        Form("form", "/bind/form", "name=a+b%C3%A4&age=5"),
        Form("form without age", "/bind/form", "name=x"),
        Form("form without name", "/bind/form", "age=5"),
        Form("form wrong age", "/bind/form", "name=x&age=old"),
        Form("form empty", "/bind/form", ""),
        Form("form in chunks", "/bind/form", "name=a&age=5") with { ChunkSize = 3 },
        Form("form many keys", "/bind/form", string.Join('&', Enumerable.Range(0, 1100).Select(static number => $"k{number}=v"))),
        Post("form as JSON", "/bind/form").WithText("{}", Json),
        Multipart("one file", "/bind/file", Part("file", "a.txt", "content")),
        Multipart("one large file", "/bind/file", Part("file", "a.bin", Encoding.ASCII.GetString(SiteFolder.Text(300_000)))),
        Multipart("one file in chunks", "/bind/file", Part("file", "ä.txt", "content")) with { ChunkSize = 50 },
        Multipart("several files", "/bind/files", Part("one", "a.txt", "first") + Part("two", "b.txt", "second") + Part("field", null, "value")),
        Multipart("no file", "/bind/file", Part("other", null, "x")),
        Multipart("no files", "/bind/files", ""),
        Multipart("without an end", "/bind/files", Part("one", "a.txt", "first"), end: ""),
        Post("multipart without a boundary", "/bind/files").WithText("x", "multipart/form-data"),
    ]);

    public static DifferenceRequest Multipart(string what, string target, string parts, string end = "--limit--\r\n") =>
        Post($"multipart {what}", target).WithText(parts + end, "multipart/form-data; boundary=limit");

    public static string Part(string name, string? file, string content) =>
        $"--limit\r\nContent-Disposition: form-data; name=\"{name}\""
        + $"{(file is null ? "" : $"; filename=\"{file}\"\r\nContent-Type: text/plain")}\r\n\r\n{content}\r\n";

    private static DifferenceRequest Post(string what, string target) => new($"bind {what}", "POST", target);

    private static DifferenceRequest Form(string what, string target, string form) => Post(what, target).WithText(form, "application/x-www-form-urlencoded");
}
