namespace PipeServer.StaticFiles;

/// <summary>One line of a listing.</summary>
/// <param name="Name">The name, without its folder.</param>
/// <param name="IsFolder">A folder, else a regular file.</param>
/// <param name="Length">Of a file, in bytes.</param>
/// <param name="Modified">When its content was changed last.</param>
internal sealed record FolderEntry(string Name, bool IsFolder, long Length, DateTimeOffset Modified);
