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

    // The hash of sixteen bytes puts all of these into one place: looking for one that is not there compared it with every one of them.
    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(5000)]
    public void Paths_that_all_collide_are_spread_by_what_lies_between(int count)
    {
        var paths = Enumerable.Range(0, count).Select(static number => $"/a/common/{number:D6}/of/all/paths").ToList();
        var routes = new LiteralRoutes(paths.Select(static path => new Route(RoutePattern.Parse(path))));
        Assert.InRange(routes.Probes, 1, LiteralRoutes.MostProbes);
        Assert.All(paths, path => Assert.Equal(path, Find(routes, path)?.Pattern.Text));
        Assert.Null(Find(routes, $"/a/common/{count:D6}/of/all/paths"));
        Assert.Null(Find(routes, "/a/common/00000x/of/all/paths"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(30_000)]
    public void No_look_up_compares_with_many(int count)
    {
        var paths = Enumerable.Range(0, count).Select(static number => $"/api/{number % 7}/items-{number}/");
        var routes = new LiteralRoutes(paths.Select(static path => new Route(RoutePattern.Parse(path))));
        Assert.InRange(routes.Probes, 1, LiteralRoutes.MostProbes);
        Assert.NotNull(Find(routes, "/api/0/items-0/"));
        Assert.Null(Find(routes, $"/api/0/items-{count + 7}/"));
    }

    // Each table was filled to its end before it was found to be no good, which for paths that collide takes as many steps as the square of their
    // number: a program with 20,000 such routes started for half a minute.
    [Theory]
    [InlineData(1000)]
    [InlineData(20_000)]
    public void Making_the_table_takes_steps_in_proportion_to_the_routes(int count)
    {
        var paths = Enumerable.Range(0, count).Select(static number => $"/a/common/{number:D6}/of/all/paths");
        var routes = new LiteralRoutes(paths.Select(static path => new Route(RoutePattern.Parse(path))));
        Assert.InRange(routes.Steps, count, 100L * count);
    }

    [Theory]
    [InlineData(10, 4)]
    [InlineData(1000, 10)]
    [InlineData(20_000, 15)]
    public void Paths_that_no_hash_spreads_are_found_all_the_same(int count, int probes)
    {
        var paths = Enumerable.Range(0, count).Select(static number => $"/a/common/{number:D6}/of/all/paths").ToList();
        var routes = new LiteralRoutes(paths.Select(static path => new Route(RoutePattern.Parse(path))), seeds: 0);
        Assert.Equal(probes, routes.Probes);
        Assert.InRange(routes.Steps, 1, 500);
        Assert.All(paths, path => Assert.Equal(path, Find(routes, path)?.Pattern.Text));
        foreach (var other in new[] { "/", "/a/common/000000/of/all/path", $"/a/common/{count:D6}/of/all/paths", "/a/common/000001/of/all/pathz", "/z" })
        {
            Assert.Null(Find(routes, other));
        }
    }

    // Of each length up to sixteen: where the hash reads bytes one by one, four by four, and eight by eight.
    [Fact]
    public void Short_paths_are_told_apart_by_each_of_their_bytes()
    {
        var paths = Enumerable.Range(0, 16).Select(static length => "/" + new string('a', length)).ToList();
        var routes = new LiteralRoutes(paths.Select(static path => new Route(RoutePattern.Parse(path))));
        foreach (var path in paths)
        {
            Assert.Equal(path, Find(routes, path)?.Pattern.Text);
            for (var at = 0; at < path.Length; at++)
            {
                Assert.Null(Find(routes, path[..at] + "b" + path[(at + 1)..]));
            }
        }
    }

    [Fact]
    public void A_table_without_routes_finds_nothing() => Assert.Null(Find(new LiteralRoutes([]), "/"));

    private static Route? Find(LiteralRoutes routes, string path) => routes.Find(Encoding.UTF8.GetBytes(path));
}
