namespace PipeServer.StaticFiles;

/// <summary>One line of a listing.</summary>
/// <param name="Name">The name, without its folder; see <see cref="PathText"/>.</param>
/// <param name="IsFolder">A folder, else a regular file; of a link, what it leads to.</param>
/// <param name="IsLink">A symbolic link leads there.</param>
/// <param name="Length">Of a file, in bytes.</param>
/// <param name="Modified">When its content was changed last.</param>
internal sealed record FolderEntry(string Name, bool IsFolder, bool IsLink, long Length, DateTimeOffset Modified);
