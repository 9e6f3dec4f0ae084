namespace PipeServer.Perf;

/// <summary>What a browser sends that has been here before: with Host, User-Agent and Accept fifteen header lines.</summary>
internal static class BrowserHead
{
    public static readonly string[] Lines =
    [
        "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Referer: http://127.0.0.1/articles/2026/11/25/how-a-request-is-counted",
        "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=necessary+statistics; visits=17",
        "Connection: keep-alive",
        "Cache-Control: max-age=0",
        "Upgrade-Insecure-Requests: 1",
        "Sec-Fetch-Dest: document",
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-User: ?1",
        "DNT: 1",
    ];
}
