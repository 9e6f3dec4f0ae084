using Microsoft.Extensions.Options;

namespace PipeServer.Hosting;

/// <summary>The server's own rules for its options, when the host starts.</summary>
internal sealed class HttpServerOptionsValidator : IValidateOptions<HttpServerOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpServerOptions options)
    {
        try
        {
            // A server that is never started opens nothing: there is nothing to dispose of.
            _ = new HttpServer(options);
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException exception)
        {
            return ValidateOptionsResult.Fail($"PipeServer: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }
}
