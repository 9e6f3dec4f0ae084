using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using PipeServer;

namespace JsonCrud.Tests;

public sealed class NotesApiTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_note_has_a_location_at_which_it_is()
    {
        await using var server = await NotesServer.StartAsync();
        using var created = await server.Client.PostAsync("/notes", Json("""{"title": " Milk ", "text": "two litres"}"""), Cancelled);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("/notes/1", created.Headers.Location?.OriginalString);
        Assert.Equal("\"1\"", created.Headers.ETag?.Tag);

        using var found = await server.Client.GetAsync(created.Headers.Location, Cancelled);
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        Assert.Equal("""{"id":1,"title":"Milk","text":"two litres","version":1}""", await BodyAsync(found));
    }

    [Theory]
    [InlineData("""{"title": "  "}""", 400, "title must have 1 to 100 characters; it has 0.")]
    [InlineData("""{"text": "no title"}""", 400, "title must have 1 to 100 characters; it has 0.")]
    [InlineData("""{"title": null}""", 400, "title")]
    [InlineData("""{"title": "a", "colour": "red"}""", 400, "")]
    [InlineData("""{"title": "a",""", 400, "line 1")]
    [InlineData("", 400, "")]
    public async Task What_is_no_note_is_refused_and_the_answer_says_why(string body, int status, string reason)
    {
        await using var server = await NotesServer.StartAsync();
        using var refused = await server.Client.PostAsync("/notes", Json(body), Cancelled);
        await AssertProblemAsync(refused, status, reason);
        Assert.Equal("""{"notes":[],"next":null}""", await server.Client.GetStringAsync("/notes", Cancelled));
    }

    [Fact]
    public async Task A_body_that_is_no_JSON_or_too_long_is_refused()
    {
        await using var server = await NotesServer.StartAsync();
        using var form = new StringContent("title=a", Encoding.UTF8, "application/x-www-form-urlencoded");
        using var unsupported = await server.Client.PostAsync("/notes", form, Cancelled);
        await AssertProblemAsync(unsupported, 415, "application/json");

        using var tooLarge = await server.Client.PostAsync("/notes", Json($$"""{"title": "a", "text": "{{new string('x', 70_000)}}"}"""), Cancelled);
        await AssertProblemAsync(tooLarge, 413, "");
    }

    [Fact]
    public async Task A_title_belongs_to_one_note()
    {
        await using var server = await NotesServer.StartAsync();
        await AddAsync(server, "Milk");
        await AddAsync(server, "Bread");
        using var second = await server.Client.PostAsync("/notes", Json("""{"title": "MILK"}"""), Cancelled);
        await AssertProblemAsync(second, 409, "Another note has this title.");
        using var renamed = await server.Client.PutAsync("/notes/2", Json("""{"title": "Milk"}"""), Cancelled);
        await AssertProblemAsync(renamed, 409, "Another note has this title.");

        using var own = await server.Client.PutAsync("/notes/1", Json("""{"title": "milk"}"""), Cancelled);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        using var other = await server.Client.PutAsync("/notes/1", Json("""{"title": "Cheese"}"""), Cancelled);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        await AddAsync(server, "Milk"); // the old title is free
    }

    [Theory]
    [InlineData("GET", "/notes/7")]
    [InlineData("GET", "/notes/seven")]
    [InlineData("DELETE", "/notes/7")]
    [InlineData("PUT", "/notes/7")]
    public async Task What_is_not_there_is_404(string method, string path)
    {
        await using var server = await NotesServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "PUT" ? Json("""{"title": "a"}""") : null };
        using var response = await server.Client.SendAsync(request, Cancelled);
        await AssertProblemAsync(response, 404, "There is no such note.");
    }

    [Fact]
    public async Task Who_has_seen_an_old_version_changes_nothing()
    {
        await using var server = await NotesServer.StartAsync();
        await AddAsync(server, "Milk");
        using var first = await SendAsync(server, "PUT", "\"1\"", """{"title": "Milk", "text": "one litre"}""");
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("\"2\"", first.Headers.ETag?.Tag);

        using var second = await SendAsync(server, "PUT", "\"1\"", """{"title": "Milk", "text": "two litres"}""");
        await AssertProblemAsync(second, 412, "another version");
        using var removed = await SendAsync(server, "DELETE", "\"1\"", body: null);
        await AssertProblemAsync(removed, 412, "another version");
        Assert.Contains("one litre", await server.Client.GetStringAsync("/notes/1", Cancelled));

        using var current = await SendAsync(server, "DELETE", "\"2\"", body: null);
        Assert.Equal(HttpStatusCode.NoContent, current.StatusCode);
    }

    [Fact]
    public async Task Who_has_the_current_version_is_not_sent_it_again()
    {
        await using var server = await NotesServer.StartAsync();
        await AddAsync(server, "Milk");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/notes/1") { Headers = { IfNoneMatch = { new EntityTagHeaderValue("\"1\"") } } };
        using var response = await server.Client.SendAsync(request, Cancelled);
        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        Assert.Equal("", await BodyAsync(response));
    }

    [Fact]
    public async Task A_list_is_read_page_by_page()
    {
        await using var server = await NotesServer.StartAsync();
        for (var i = 1; i <= 5; i++)
        {
            await AddAsync(server, $"note {i}");
        }

        var ids = new List<int>();
        for (var next = "/notes?size=2"; next is not null;)
        {
            using var page = JsonDocument.Parse(await server.Client.GetStringAsync(next, Cancelled));
            ids.AddRange(page.RootElement.GetProperty("notes").EnumerateArray().Select(static note => note.GetProperty("id").GetInt32()));
            next = page.RootElement.GetProperty("next").GetString();
        }

        Assert.Equal([1, 2, 3, 4, 5], ids);
        using var nonsense = await server.Client.GetAsync("/notes?size=many", Cancelled);
        await AssertProblemAsync(nonsense, 400, "size");
    }

    [Fact]
    public async Task A_full_store_says_so()
    {
        await using var server = await NotesServer.StartAsync(capacity: 1);
        await AddAsync(server, "Milk");
        using var second = await server.Client.PostAsync("/notes", Json("""{"title": "Bread"}"""), Cancelled);
        await AssertProblemAsync(second, 507, "no room");
    }

    [Fact]
    public async Task Of_many_at_once_one_gets_the_title_and_each_other_a_conflict()
    {
        await using var server = await NotesServer.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.Client.PostAsync("/notes", Json("""{"title": "Milk"}"""), Cancelled)));
        Assert.Equal(1, answers.Count(static answer => answer.StatusCode == HttpStatusCode.Created));
        Assert.Equal(19, answers.Count(static answer => answer.StatusCode == HttpStatusCode.Conflict));
        Array.ForEach(answers, static answer => answer.Dispose());
    }

    [Fact]
    public async Task A_stop_answers_what_is_in_flight()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await NotesServer.StartAsync(map: routes => routes.MapGet("/slow", async (_, response) =>
        {
            asked.SetResult();
            await mayAnswer.Task;
            response.WriteText("done");
        }));
        var answer = server.Client.GetStringAsync("/slow", Cancelled);
        await asked.Task.WaitAsync(Cancelled);
        var stopped = server.StopAsync();
        mayAnswer.SetResult();
        Assert.Equal("done", await answer);
        var report = await stopped;
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal(report.Requests.Received, report.Requests.Completed);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task AddAsync(NotesServer server, string title)
    {
        using var response = await server.Client.PostAsync("/notes", Json($$"""{"title": "{{title}}"}"""), Cancelled);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(NotesServer server, string method, string ifMatch, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/notes/1") { Content = body is null ? null : Json(body) };
        request.Headers.IfMatch.Add(new EntityTagHeaderValue(ifMatch));
        return await server.Client.SendAsync(request, Cancelled);
    }

    private static Task<string> BodyAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync(Cancelled);

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, string reason)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await BodyAsync(response));
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Contains(reason, problem.RootElement.GetProperty("detail").GetString());
    }
}
