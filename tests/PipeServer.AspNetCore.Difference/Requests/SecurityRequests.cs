using Difference.Runner;

namespace Difference.Requests;

/// <summary>Authentication, authorization, origins, forgery and rates.</summary>
internal static class SecurityRequests
{
    public static IEnumerable<DifferenceRequest> All =>
    [
        .. ((string[])["user", "admin", "optional"]).SelectMany(static who => (DifferenceRequest[])
        [
            RequestTable.Get("secure nobody", $"/secure/{who}"),
            RequestTable.Get("secure a user", $"/secure/{who}").With(("Authorization", "Key ann")),
            RequestTable.Get("secure root", $"/secure/{who}").With(("Authorization", "Key root")),
            RequestTable.Get("secure not a key", $"/secure/{who}").With(("Authorization", "Basic dTpw")),
        ]),
        RequestTable.Get("cors friend", "/cors/one").With(("Origin", "https://friend.test")),
        RequestTable.Get("cors foe", "/cors/one").With(("Origin", "https://foe.test")),
        RequestTable.Get("cors all", "/cors/all").With(("Origin", "https://foe.test")),
        RequestTable.Get("cors no origin", "/cors/one"),
        Preflight("friend", "/cors/one", "https://friend.test", "PUT"),
        Preflight("friend's wrong method", "/cors/one", "https://friend.test", "DELETE"),
        Preflight("foe", "/cors/one", "https://foe.test", "PUT"),
        Preflight("all", "/cors/all", "https://foe.test", "DELETE"),
        RequestTable.Get("rate", "/limited/four") with { Times = 4 },
        RequestTable.Get("forgery", "/forgery/token"),
        RequestTable.Get("forgery", "/forgery/form"),
        new DifferenceRequest("forgery without a token", "POST", "/forgery/form").WithText("name=x", "application/x-www-form-urlencoded"),
        new DifferenceRequest("forgery with a wrong token", "POST", "/forgery/form")
            .WithText("name=x&__RequestVerificationToken=wrong", "application/x-www-form-urlencoded"),
    ];

    private static DifferenceRequest Preflight(string who, string target, string origin, string method) =>
        new DifferenceRequest($"cors preflight {who}", "OPTIONS", target).With(
            ("Origin", origin), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "X-One"));
}
