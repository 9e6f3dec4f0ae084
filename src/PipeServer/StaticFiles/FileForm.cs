namespace PipeServer.StaticFiles;

/// <summary>A form in which a located file can be sent.</summary>
/// <param name="Coding">Its content coding, or null.</param>
/// <param name="Source">The file that has the bytes; null for one that is compressed on the fly.</param>
/// <param name="Tag">Its strong entity tag, quotes included; null when it is not known yet, see <see cref="FileForms.WithTag"/>.</param>
/// <param name="Modified">Its Last-Modified; null when no time is to be had that can be believed.</param>
internal sealed record FileForm(ContentCoding? Coding, OpenedFile? Source, string? Tag, DateTimeOffset? Modified);
