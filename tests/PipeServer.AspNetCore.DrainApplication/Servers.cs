using System.Net;
using PipeServer;
using KestrelProtocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols;

namespace DrainApplication;

/// <summary>Puts one of the two servers below the application, alike as far as that goes.</summary>
internal static class Servers
{
    public static void Use(IWebHostBuilder builder, Settings settings)
    {
        if (settings.IsKestrel)
        {
            builder.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, settings.Port, listen =>
            {
                if (settings.IsTls)
                {
                    listen.UseHttps(Certificate.Create());
                }
                else
                {
                    // In clear text Kestrel speaks one of them at a place.
                    listen.Protocols = settings.IsHttp2 ? KestrelProtocols.Http2 : KestrelProtocols.Http1;
                }
            }));
            return;
        }

        builder.UsePipeServer(options =>
        {
            options.Dispatch = settings.Dispatch;
            options.Certificate = settings.IsTls ? Certificate.Create() : null;
            options.Server.DrainDelay = settings.Delay;
            options.Server.Endpoints =
            [
                new HttpEndpoint(IPAddress.Loopback, settings.Port)
                {
                    IsTls = settings.IsTls,
                    Protocols = settings.IsHttp2 && !settings.IsTls ? HttpProtocols.Http1 | HttpProtocols.Http2 : null,
                },
            ];
        });
    }
}
