using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>RFC 9110 §12.4.2: weight = OWS ";" OWS "q=" qvalue, a number from 0 to 1 with up to three digits.</summary>
internal static class QualityValue
{
    /// <summary>What an element without a weight has.</summary>
    public const int Most = 1000;

    /// <summary>The weight among an element's parameters, in thousandths; 0 when it is malformed.</summary>
    /// <param name="parameters">What is behind the first semicolon.</param>
    public static int Of(ReadOnlySpan<char> parameters)
    {
        foreach (var part in parameters.Split(';'))
        {
            var parameter = parameters[part].Trim(" \t");
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase))
            {
                return decimal.TryParse(parameter[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1
                    ? (int)(value * Most)
                    : 0;
            }
        }

        return Most;
    }
}
