using System.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

public sealed class GlobTests
{
    [Theory]
    [InlineData("app.js", "app.js", true)]
    [InlineData("app.js", "sub/deeper/app.js", true)]
    [InlineData("app.js", "App.js", false)]
    [InlineData("app.js", "my-app.js", false)]
    [InlineData("/app.js", "app.js", true)]
    [InlineData("/app.js", "sub/app.js", false)]
    [InlineData("*.js", "sub/app.min.js", true)]
    [InlineData("*.js", "app.js.map", false)]
    [InlineData("*.js", ".js", true)]
    [InlineData("*", "a", true)]
    [InlineData("*-*.css", "a-.css", true)]
    [InlineData("*-????????.css", "index-BfQ8rX9a.css", true)]
    [InlineData("*-????????.css", "index-BfQ8rX9.css", false)]
    [InlineData("*ab*ab", "abaab", true)]
    [InlineData("*ab*ab", "aab", false)]
    [InlineData("a.c", "abc", false)]
    [InlineData("assets/*", "assets/app.js", true)]
    [InlineData("assets/*", "assets/sub/app.js", false)]
    [InlineData("assets/*", "sub/assets/app.js", false)]
    [InlineData("assets/**", "assets/sub/app.js", true)]
    [InlineData("assets/**", "assets/app.js", true)]
    [InlineData("assets/**", "assets", false)]
    [InlineData("assets/**", "assets2/app.js", false)]
    [InlineData("**", "a/b/c", true)]
    [InlineData("**/static/**", "a/static/b", true)]
    [InlineData("**/static/**", "static/b", true)]
    [InlineData("**/static/**", "a/static", false)]
    [InlineData("**/*.js", "app.js", true)]
    [InlineData("a/**/b/**/c.js", "a/x/b/y/z/c.js", true)]
    [InlineData("a/**/b/**/c.js", "a/b/c.js", true)]
    [InlineData("a/**/b/**/c.js", "a/x/y/c.js", false)]
    [InlineData("a/**/b", "a/b/c/b", true)]
    [InlineData("*/b", "a/b", true)]
    [InlineData("*/b", "b", false)]
    [InlineData("ü?.txt", "ü1.txt", true)]
    public void A_pattern_means_these_files(string pattern, string path, bool matches) => Assert.Equal(matches, Glob.Parse(pattern).Matches(path));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("/", "empty")]
    [InlineData("assets/", "assets/** or")]
    [InlineData("a//b", "empty segment")]
    [InlineData("../a", "..")]
    [InlineData("./a", ".")]
    [InlineData("a**", "alone")]
    [InlineData("a/**.js", "alone")]
    [InlineData("*.{js,css}", "[ ] { }")]
    [InlineData("[a-z].js", "[ ] { }")]
    [InlineData("a\\b", "backslash")]
    [InlineData("a\nb", "a?b")]
    public void A_bad_pattern_is_refused(string pattern, string part)
    {
        var message = Assert.Throws<ArgumentException>(() => Glob.Parse(pattern)).Message;
        Assert.Contains("ImmutableFiles", message);
        Assert.Contains(part, message);
    }

    // Patterns come from whoever runs the server, paths from clients: neither may make the other expensive.
    [Fact]
    public void Stars_do_not_multiply()
    {
        var before = Stopwatch.GetTimestamp();
        Assert.False(Glob.Parse(string.Concat(Enumerable.Repeat("*a", 200)) + "b").Matches(new string('a', 4000)));
        Assert.False(Glob.Parse(string.Concat(Enumerable.Repeat("**/a/", 200)) + "b").Matches(string.Join('/', Enumerable.Repeat("a", 4000))));
        Assert.InRange(Stopwatch.GetElapsedTime(before), TimeSpan.Zero, TestClient.Patience); // it would be for ever
    }
}
