namespace JsonCrud;

/// <summary>Some notes in the order of their ids, and where the next ones are; null behind the last one.</summary>
internal sealed record NotePage(IReadOnlyList<Note> Notes, string? Next);
