using System.ComponentModel;
using System.Globalization;

namespace PipeServer;

/// <summary>Makes proxies of their text form, so that configuration can bind them.</summary>
internal sealed class TrustedProxyConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
        sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text ? TrustedProxy.Parse(text) : base.ConvertFrom(context, culture, value);
}
