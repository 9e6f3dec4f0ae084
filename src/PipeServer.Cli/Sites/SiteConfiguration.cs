using System.CommandLine;

namespace PipeServer.Cli.Sites;

/// <summary>A site whose values are read.</summary>
/// <param name="Entry">What the file has.</param>
/// <param name="Root">The full path of its folder.</param>
/// <param name="Result">The options that it names.</param>
internal sealed record SiteConfiguration(SiteEntry Entry, string Root, ParseResult Result);
