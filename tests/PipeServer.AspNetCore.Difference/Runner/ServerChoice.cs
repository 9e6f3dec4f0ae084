using Difference.Application;

namespace Difference.Runner;

/// <summary>How the application is put on each of the servers. All else is the same.</summary>
internal static class ServerChoice
{
    public static void Kestrel(IWebHostBuilder builder) => builder.UseKestrel(static options =>
    {
        options.Limits.MaxRequestBodySize = DifferenceApplication.MaxBodyBytes;
        options.ConfigureHttpsDefaults(static https => https.ServerCertificate = TestCertificate.Localhost);
    });

    public static void PipeServer(IWebHostBuilder builder) => builder.UsePipeServer(static options =>
    {
        options.Server.MaxRequestBodyBytes = DifferenceApplication.MaxBodyBytes;
        options.Certificate = TestCertificate.Localhost;
    });
}
