using System.Text;
using PipeServer.Routing;

namespace PipeServer.Tests.Routing;

public sealed class LiteralRoutesTests
{
    [Fact]
    public void Every_path_of_many_is_found_and_nothing_else()
    {
        var paths = Enumerable.Range(0, 500).Select(static number => $"/{number}").Append("/").Append("/a/path/of/some/length").ToList();
        var routes = new LiteralRoutes(paths.Select(static path => new Route(RoutePattern.Parse(path))));
        Assert.All(paths, path => Assert.Equal(path, Find(routes, path)?.Pattern.Text));
        Assert.Null(Find(routes, "/500"));
        Assert.Null(Find(routes, "/a/path/of/some/lengtH"));
        Assert.Null(Find(routes, ""));
    }

    // The hash looks at the first and the last eight bytes: what lies between is compared.
    [Fact]
    public void Paths_that_differ_in_their_middle_are_told_apart()
    {
        string[] paths = ["/1234567-a-12345678", "/1234567-b-12345678", "/1234567-c-12345678"];
        var routes = new LiteralRoutes(paths.Select(static path => new Route(RoutePattern.Parse(path))));
        Assert.All(paths, path => Assert.Equal(path, Find(routes, path)?.Pattern.Text));
        Assert.Null(Find(routes, "/1234567-d-12345678"));
    }

    [Fact]
    public void A_table_without_routes_finds_nothing() => Assert.Null(Find(new LiteralRoutes([]), "/"));

    private static Route? Find(LiteralRoutes routes, string path) => routes.Find(Encoding.UTF8.GetBytes(path));
}
