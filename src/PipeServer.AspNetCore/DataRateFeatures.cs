using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace PipeServer.AspNetCore;

/// <summary>
/// The least rates of the bodies, as Kestrel's features tell them. The server's grace period is always five seconds. Made when somebody asks.
/// </summary>
internal sealed class DataRateFeatures(HttpRequest request, HttpResponse response) : IHttpMinRequestBodyDataRateFeature, IHttpMinResponseDataRateFeature
{
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(5);

    MinDataRate? IHttpMinRequestBodyDataRateFeature.MinDataRate
    {
        get => Rate(request.MinBodyDataRate);
        set => request.MinBodyDataRate = BytesPerSecond(value);
    }

    MinDataRate? IHttpMinResponseDataRateFeature.MinDataRate
    {
        get => Rate(response.MinDataRate);
        set => response.MinDataRate = BytesPerSecond(value);
    }

    private static MinDataRate? Rate(int bytesPerSecond) => bytesPerSecond == 0 ? null : new MinDataRate(bytesPerSecond, GracePeriod);

    private static int BytesPerSecond(MinDataRate? rate) => rate is null ? 0 : (int)Math.Min(int.MaxValue, Math.Ceiling(rate.BytesPerSecond));
}
