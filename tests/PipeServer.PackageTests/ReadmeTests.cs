using System.Text.RegularExpressions;
using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>What the packages' pages say, as it stands there.</summary>
public sealed partial class ReadmeTests(PackedFeed feed)
{
    [Theory]
    [InlineData("PipeServer", "Microsoft.NET.Sdk")]
    [InlineData("PipeServer.Hosting", "Microsoft.NET.Sdk")]
    [InlineData("PipeServer.AspNetCore", "Microsoft.NET.Sdk.Web")]
    public async Task The_example_is_a_program_on_the_package_alone(string package, string sdk)
    {
        await feed.ReadyAsync();
        var folder = feed.NewFolder($"readme-{package}");
        using (var archive = feed.Open(package))
        using (var reader = new StreamReader(archive.GetEntry("PACKAGE.md")!.Open()))
        {
            var example = Assert.Single(Example().Matches(await reader.ReadToEndAsync())).Groups["code"].Value;
            await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), example);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "Example.csproj"), $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="[{feed.Version}]" />
              </ItemGroup>
            </Project>
            """);
        await ExternalCommand.RunAsync(folder, feed.CommandEnvironment, "dotnet", "build", "-warnaserror");
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Example();
}
