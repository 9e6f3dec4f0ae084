using System.Globalization;
using PipeServer;

namespace JsonCrud;

/// <summary>The notes over HTTP: the paths, the conditions, and which answer stands for what.</summary>
internal sealed class NotesApi(NoteStore store)
{
    private const int MaxPageSize = 100;
    private const int MaxBodyBytes = 64 * 1024;

    /// <summary>Maps the routes below <c>/notes</c>, with an answer in JSON for every refusal of theirs.</summary>
    public void Map(RouteBuilder routes)
    {
        var notes = routes.MapGroup("/notes");
        notes.AddFilter(AnswerProblemsAsync);

        notes.MapGet("", List);
        notes.MapGet("/{id}", Get, Dispatch.Inline); // a look into memory: it takes no longer than to hand it to a worker
        notes.MapPost("", AddAsync);
        notes.MapPut("/{id}", ReplaceAsync);
        notes.MapDelete("/{id}", Remove);
    }

    private void List(HttpRequest request, HttpResponse response)
    {
        var size = Math.Clamp(request.Query.Get("size", 20), 1, MaxPageSize);
        var notes = store.List(request.Query.Get("after", 0), size + 1);
        var next = notes.Count > size ? string.Create(CultureInfo.InvariantCulture, $"/notes?after={notes[size - 1].Id}&size={size}") : null;
        response.WriteJson(new NotePage([.. notes.Take(size)], next), NotesJson.Default.NotePage);
    }

    private void Get(HttpRequest request, HttpResponse response)
    {
        var note = store.Find(IdOf(request)) ?? throw NotFound();
        response.Headers["ETag"] = note.EntityTag;
        if (EntityTags.Contains(request.Headers["If-None-Match"], note.EntityTag))
        {
            response.StatusCode = 304;
            return;
        }

        response.WriteJson(note, NotesJson.Default.Note);
    }

    private async Task AddAsync(HttpRequest request, HttpResponse response)
    {
        var draft = (await request.ReadJsonAsync(NotesJson.Default.NoteDraft, MaxBodyBytes)).Checked();
        var result = store.Add(draft, out var note);
        Write(response, result, note, status: 201);
        if (note is not null)
        {
            response.Headers["Location"] = string.Create(CultureInfo.InvariantCulture, $"/notes/{note.Id}");
        }
    }

    private async Task ReplaceAsync(HttpRequest request, HttpResponse response)
    {
        var id = IdOf(request);
        var draft = (await request.ReadJsonAsync(NotesJson.Default.NoteDraft, MaxBodyBytes)).Checked();
        var result = store.Replace(id, draft, ConditionOf(request), out var note);
        Write(response, result, note, status: 200);
    }

    private void Remove(HttpRequest request, HttpResponse response) =>
        Write(response, store.Remove(IdOf(request), ConditionOf(request)), note: null, status: 204);

    private static void Write(HttpResponse response, StoreResult result, Note? note, int status)
    {
        switch (result)
        {
            case StoreResult.NotFound:
                throw NotFound();
            case StoreResult.TitleTaken:
                throw new BadHttpRequestException("Another note has this title.", 409);
            case StoreResult.ConditionFailed:
                throw new BadHttpRequestException("The note is of another version than If-Match says: get it again.", 412);
            case StoreResult.Full:
                WriteProblem(response, 507, "There is no room for more notes."); // an exception's status is one of 400 to 499
                return;
        }

        response.StatusCode = status;
        if (note is not null)
        {
            response.Headers["ETag"] = note.EntityTag;
            response.WriteJson(note, NotesJson.Default.Note);
        }
    }

    // What is no number is no note's id: 404, not 400, for the path names nothing.
    private static int IdOf(HttpRequest request) => request.RouteValues.TryGet<int>("id", out var id) ? id : throw NotFound();

    // RFC 9110 §13.1.1: without If-Match, whatever there is may be changed.
    private static Func<Note, bool> ConditionOf(HttpRequest request) =>
        request.Headers["If-Match"] is { } tags ? note => EntityTags.Contains(tags, note.EntityTag) : static _ => true;

    private static BadHttpRequestException NotFound() => new("There is no such note.", 404);

    /// <summary>
    /// Stands in front of the handlers: an exception with a status, theirs or of the reading of a body, would be answered as text, and is answered as JSON.
    /// Any other is a fault: 500, and a line in the log.
    /// </summary>
    private static async Task AnswerProblemsAsync(HttpRequest request, HttpResponse response, RequestHandler next)
    {
        try
        {
            await next(request, response);
        }
        catch (BadHttpRequestException exception) when (!response.HasStarted)
        {
            response.Clear();
            WriteProblem(response, exception.StatusCode, exception.Message);
        }
    }

    private static void WriteProblem(HttpResponse response, int status, string detail)
    {
        var title = status switch
        {
            404 => "Not found",
            409 => "Conflict",
            412 => "Precondition failed",
            413 => "Too large",
            415 => "Not JSON",
            507 => "Full",
            _ => "Bad request",
        };
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        response.WriteJson(new Problem(title, status, detail), NotesJson.Default.Problem);
    }
}
