using Difference.Application;

namespace Difference.Runner;

/// <summary>How the application is put on each of the servers. All else is the same.</summary>
internal static class ServerChoice
{
    public static void Kestrel(IWebHostBuilder builder) => builder.UseKestrel(static options =>
    {
        // Its name in every answer would be a difference in every request.
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = DifferenceApplication.MaxBodyBytes;
        options.ConfigureHttpsDefaults(static https => https.ServerCertificate = TestCertificate.Localhost);
    });

    public static void PipeServer(IWebHostBuilder builder) => Kestrel(builder);
}
